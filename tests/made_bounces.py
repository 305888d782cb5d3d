"""Makes delivery reports as mail servers write them; the letter that came back, or its head, is enclosed."""

from email import encoders
from email.mime.base import MIMEBase
from email.mime.text import MIMEText


def _report(text, status, enclosed, subject, charset="utf-8", kind="report", extra=()):
    lines = [
        "Return-Path: <>", "From: MAILER-DAEMON@mx.example.gov.cn (Mail Delivery System)", f"Subject: {subject}", "To: zjtx@xs.example.gov.cn",
        *extra, "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        f'Content-Type: multipart/{kind}; report-type=delivery-status; boundary="B/1"', "", "This is a MIME-encapsulated message.", "",
        "--B/1", f"Content-Type: text/plain; charset={charset}", "", text, "", "--B/1", "Content-Type: message/delivery-status", "", *status, "",
        "--B/1", *enclosed, "", "--B/1--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode(charset, "replace")


def _letter(address, message_id):
    return ["From: zjtx@xs.example.gov.cn", f"To: {address}", f"Message-ID: {message_id}", "Subject: =?utf-8?b?5oql5ZGK?=", "", "text"]


def postfix(address, message_id, salt="", action="failed", status="5.1.1"):
    """With the whole letter."""
    about = [
        "Reporting-MTA: dns; mx.example.gov.cn", f"X-Postfix-Queue-ID: {salt}", "Arrival-Date: Mon, 20 Jan 2025 08:00:00 +0800 (CST)", "",
        f"Final-Recipient: rfc822; {address}", f"Original-Recipient: rfc822;{address}", f"Action: {action}", f"Status: {status}", "Remote-MTA: dns; mail.example.gov.cn",
        f"Diagnostic-Code: smtp; 550 {status} <{address}>: Recipient address rejected: User unknown",
        "    in virtual mailbox table",
    ]  # fmt: skip
    enclosed = ["Content-Description: Undelivered Message", "Content-Type: message/rfc822", "Content-Transfer-Encoding: 8bit", "", *_letter(address, message_id)]
    return _report("I'm sorry to have to inform you that your message could not be delivered.", about, enclosed, "Undelivered Mail Returned to Sender")


def exchange(address, message_id):
    """With the head alone, folded as Exchange folds."""
    about = [
        "Reporting-MTA: dns;EX01.example.gov.cn", "Received-From-MTA: dns;mx.example.gov.cn", "Arrival-Date: Mon, 20 Jan 2025 00:00:00 +0000", "",
        f"Final-Recipient: rfc822;{address}", "Action: Failed", "Status: 5.2.2", "Diagnostic-Code: smtp;552 5.2.2 mailbox full",
        "X-Display-Name: =?gb2312?B?x/jB7LW8?=",
    ]  # fmt: skip
    head = ["Received: from a by b; Mon, 20 Jan 2025", "From: <zjtx@xs.example.gov.cn>", f"To: <{address}>", "Message-ID:", f" {message_id}", "Subject: x"]
    return _report("Delivery has failed to these recipients.", about, ["Content-Type: text/rfc822-headers", "", *head], "Undeliverable: report")


def coremail(address, message_id):
    """As the mail systems of many offices here: text in GBK, the letter's head encoded."""
    whole = MIMEBase("text", "rfc822-headers")
    whole.set_payload("\r\n".join(_letter(address, message_id)).encode())
    encoders.encode_base64(whole)
    about = [
        "Reporting-MTA: dns; icmhosting", "", f"Original-Recipient: rfc822;{address}", f"Final-Recipient: rfc822;{address}", "Action: failed", "Status: 5.0.0",
        "Diagnostic-Code: smtp; 550 用户被锁定 MI:SPB",
    ]  # fmt: skip
    enclosed = ["Content-Type: text/rfc822-headers; name=\"head.txt\"", "Content-Transfer-Encoding: base64", "", *whole.get_payload().split("\n")]
    return _report("您的邮件被退回，原因：用户被锁定。", about, enclosed, "=?gbk?B?z7XNs83L0MU=?=", charset="gb18030")


def vacation(message_id):
    note = MIMEText("本人出差，周一回复。", "plain", "utf-8")
    note["From"], note["Subject"], note["In-Reply-To"], note["Auto-Submitted"] = "leader@xs.example.gov.cn", "自动回复", message_id, "auto-replied"
    return note.as_bytes()


def in_html(address, message_id):
    """As public mailboxes tell it: a page, no report."""
    note = MIMEText(f"<p>{address} 邮箱不存在</p><p>Message-ID: {message_id}</p>", "html", "utf-8", policy=None)
    note["From"], note["Subject"] = "postmaster@qq.com", "系统退信"
    return note.as_bytes().replace(note.get_payload().encode(), f"<p>Message-ID: {message_id}</p>".encode())

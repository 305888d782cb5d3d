// Knows how the door's two buttons speak: JSON, to our own address. Leaves judging to the server.
"use strict";

async function post(address, content) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(content),
  });
  const told = await response.json().catch(() => ({}));
  return response.ok ? "" : told.errors?.[0]?.message ?? "没有成功，请稍后再试。";
}

const form = document.getElementById("login");
if (form) {
  const next = form.dataset.next;
  // A link in a mail brings no cookie along (SameSite=Strict); this page's own request does.
  fetch("/door/who").then((answer) => answer.json()).then((answer) => answer.in && location.replace(next)).catch(() => {});
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    const message = await post("/login", { name: form.elements.name.value, password: form.elements.password.value })
      .catch(() => "连接不上，请稍后再试。");
    document.getElementById("message").textContent = message;
    button.disabled = false;
    if (!message) location.replace(next);
  });
}

document.getElementById("logout")?.addEventListener("click", async () => {
  await post("/logout", {}).catch(() => "");
  location.replace("/login");
});

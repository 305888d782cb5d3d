"""Templates that people can change: one sheet of tokens, and a fault is named by file and line."""

import re
import shutil

import made_results
import pytest

from zjtx_pipeline import bundled
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.report import compose, distribution, pages, pdf

FOLDER = bundled.report_templates()
COLOUR = re.compile(r"#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b|\b(?:rgba?|hsla?|hwb|lab|lch|cmyk|color)\(", re.IGNORECASE)
NAMED_COLOUR = re.compile(r"(?:color|fill|stroke|background)\s*[:=][\s\"']*(?!transparent|inherit|none|var|{{)[a-z]+", re.IGNORECASE)
FONT_SIZE = re.compile(r"(?:font|font-size|line-height)\s*:[^;\n]*\d(?:pt|px|mm|em|%)|font-size=\"\d", re.IGNORECASE)
FAMILY = re.compile(r"(?:font|font-family)\s*:[^;\n]*\"|font-family=\"(?!\{\{)")


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "templates")


@pytest.fixture(scope="module")
def report():
    return compose.task_report(made_results.inputs(), 1)


def changed(folder, name, old, new):
    """One place of a file; the number of its line."""
    path = folder / name
    before, found, after = path.read_text(encoding="utf-8").partition(old)
    assert found
    path.write_text(before + new + after, encoding="utf-8")
    return before.count("\n") + 1


def printed(folder, report):
    templates = pages.Templates(folder)
    return pdf.render(templates.html(report), name="试", templates=templates)


@pytest.mark.parametrize("literal", [COLOUR, NAMED_COLOUR, FONT_SIZE, FAMILY], ids=["colour", "named colour", "size", "family"])
def test_no_colour_size_or_family_stands_outside_the_token_sheet(literal):
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.name != "tokens.css"]
    assert len(files) > 20
    told = {path.name: literal.findall(path.read_text(encoding="utf-8")) for path in files}
    assert {name: found for name, found in told.items() if found} == {}


@pytest.mark.parametrize("literal, one", [
    (COLOUR, "fill=\"#fff\""), (COLOUR, "color: #c8ccd0;"), (COLOUR, "color: rgb(0, 0, 0)"), (NAMED_COLOUR, "color: red"),
    (NAMED_COLOUR, 'fill="black"'), (FONT_SIZE, "font-size: 8.5pt"), (FONT_SIZE, "font: 12pt/18pt var(--sans)"), (FAMILY, 'font-family: "SimSun"'), (FAMILY, 'font-family="SimSun"'), (FONT_SIZE, 'font-size="32"'),
])  # fmt: skip
def test_such_a_literal_would_be_seen(literal, one):
    assert literal.search(one)


def test_the_style_sheets_have_their_four_parts_in_order():
    text = "\n".join(sheet.text for sheet in pages.Templates(FOLDER).sheets())
    parts = re.findall(r"^/\* (Fonts|Variables|Page rules|Style) \*/$", text, flags=re.MULTILINE)
    assert parts == ["Fonts", "Variables", "Page rules", "Style"]


def test_every_token_is_used():
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*") if path.is_file())
    named = set(re.findall(r"var\(--([\w-]+)\)|token\['([\w-]+)'\]", text))
    held = set(pages.Templates(FOLDER)._style.tokens())
    assert held == {one or other for one, other in named} and len(held) > 50


def test_a_changed_token_changes_pages_and_pictures(copied, report):
    changed(copied, "css/tokens.css", "--bar-filled: #4a5f78", "--bar-filled: #123456")
    changed(copied, "css/tokens.css", "--margin-top: 37mm", "--margin-top: 99mm")
    templates = pages.Templates(copied)
    assert 'fill="#123456"' in templates.html(report) and "margin: 99mm 26mm 35mm 28mm" in templates.sheets()[-1].text


def test_a_token_may_name_those_above_it_alone(copied, report):
    line = changed(copied, "css/tokens.css", "--ink: #111;", "--ink: var(--soft);")
    with pytest.raises(ZjtxError, match=f"^样式 css/tokens.css 第{line}行出错：--soft 没有在它前面定义。$"):
        printed(copied, report)


TEMPLATE_FAULTS = {
    "an include that is not there": ("sections.html", '"section.html"', '"sektion.html"', r"没有这个模板（.*sektion\.html.*）"),
    "a section without its template": ("section.html", '".html"', '".htm"', r"没有这个模板（sections/summary\.htm）"),
    "a name in a macro that is not defined": ("macros/tables.html", "{{ cover.title }}", "{{ titel }}", "用到的名称不存在（'titel' is undefined）"),
    "an attribute that a report has not": ("sections/awards.html", "row.clause", "row.klause", "用到的名称不存在（.*klause.*）"),
    "a token that the sheet has not": ("macros/pictures.html", "bar-goal", "bar-gaol", "用到的名称不存在（.*bar-gaol.*）"),
    "a tag that is not closed": ("sections/awards.html", "{% endif %}", "", "写法不对（.*endfor.*）|写法不对（.*endif.*）"),
    "a tag that there is not": ("sections/figures.html", "{% if report.others %}", "{% iff report.others %}", "写法不对（.*iff.*）"),
    "a filter that there is not": ("sections/figures.html", "| list", "| liste", "写法不对（.*liste.*）"),
    "what cannot be computed": ("sections/told.html", "loop.index", "loop.index // 0", "算不出来（.*zero）"),
}  # fmt: skip


@pytest.mark.parametrize("name, old, new, said", TEMPLATE_FAULTS.values(), ids=TEMPLATE_FAULTS)
def test_a_fault_in_a_template_names_its_file_and_line(name, old, new, said, copied, report):
    line = changed(copied, name, old, new)
    with pytest.raises(ZjtxError) as told:
        printed(copied, report)
    found = re.fullmatch(rf"模板 {name} 第(\d+)行出错：({said})。", str(told.value))
    assert found, told.value
    assert new == "" or int(found[1]) == line


def test_the_innermost_template_is_named(copied, report):
    """Not the page that includes the section that calls the macro."""
    changed(copied, "macros/pictures.html", "picture.told", "picture.tolled")
    with pytest.raises(ZjtxError, match="^模板 macros/pictures.html 第5行出错：用到的名称不存在"):
        printed(copied, report)


@pytest.mark.parametrize("name", ["sections/awards.html", "css/report.css", "css/tokens.css"])
def test_a_file_in_another_encoding_is_named(name, copied, report):
    text = (copied / name).read_text(encoding="utf-8")
    (copied / name).write_bytes((text + "中文注释").encode("gb18030"))
    with pytest.raises(ZjtxError, match=f"{name} 不是 UTF-8 文本"):
        printed(copied, report)


@pytest.mark.parametrize("name", ["task.html", "css/report.css"])
def test_a_folder_that_lacks_a_file_is_named(name, copied, report):
    (copied / name).unlink()
    with pytest.raises(ZjtxError, match=f"模板目录 .*templates.*{name}"):
        printed(copied, report)


STYLE_FAULTS = {
    "a property that there is not": ("css/report.css", ".plan {", ".plan { colour: red;", "colour.*unknown property"),
    "a value that it cannot take": ("css/report.css", "text-align: center", "text-align: centre", "centre.*invalid value"),
    "a token that cannot be its value": ("css/report.css", "color: var(--ink)", "color: var(--body-size)", "color: ?15.75pt.*invalid value"),
    "a size of the page that there is not": ("css/tokens.css", "--paper: A4", "--paper: A77", "A77"),
    "a token that the sheet has not": ("css/report.css", "var(--hair)", "var(--hare)", "--hare 没有在 css/tokens.css 里定义"),
    "a token defined elsewhere": ("css/report.css", "h1 {", "h1 { --ink: red;", "只写在 css/tokens.css 里"),
    "a token with a second choice": ("css/report.css", "var(--hair)", "var(--hair, red)", "只写一个名称"),
    "a selector that is not one": ("css/report.css", ".plan {", "..plan {", "."),
    "a token without its end": ("css/tokens.css", "--hair: #c8ccd0;", "--hair: #c8ccd0", "一行写一个"),
    "a font that is not bundled": ("css/tokens.css", "NotoSansSC-Regular.otf", "Noto.otf", "zjtx-font:Noto.otf"),
}  # fmt: skip


@pytest.mark.parametrize("name, old, new, said", STYLE_FAULTS.values(), ids=STYLE_FAULTS)
def test_a_fault_in_a_style_sheet_names_its_file_and_line(name, old, new, said, copied, report):
    line = changed(copied, name, old, new)
    with pytest.raises(ZjtxError, match=rf"^样式 css/\w+\.css 第\d+行出错：.*{said}.*。$") as told:
        printed(copied, report)
    elsewhere = said == "A77"  # the line that uses the token
    assert elsewhere or str(told.value).startswith(f"样式 {name} 第{line}行")


def test_the_projects_own_templates_are_read_once_and_another_folder_each_time(copied, report):
    assert pages.shipped() is pages.shipped() and pages.shipped().environment.auto_reload is False
    before = pages.Templates(copied)
    assert "另写的字" not in before.html(report)
    changed(copied, "sections/summary.html", "<p>", "<p>另写的字")
    assert "另写的字" not in before.html(report) and "另写的字" in pages.Templates(copied).html(report)


@pytest.mark.parametrize("asked", [0, 1, 10, "区经信局", "区财政局", distribution.TOWNS])
def test_a_section_alone_is_what_the_report_has_of_it(asked):
    inputs = made_results.inputs()
    if isinstance(asked, int):
        report = compose.task_report(inputs, asked) if asked else compose.overall_report(inputs)
    else:
        report = distribution.report(inputs, asked)
    whole = pages.html(report)
    for section in [*getattr(report, "sections", ()), *report.annexes]:
        [own] = re.findall(r"<section.*</section>", pages.shipped().html(report, section), re.DOTALL)
        assert own in whole and section.title in own

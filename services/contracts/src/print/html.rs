//! A document as one page of HTML, for people, screen readers and printers: it needs nothing from elsewhere.

use super::document::{Document, Section, Table};
use std::fmt::Write as _;

const STYLE: &str = "body{font-family:Arial,Helvetica,sans-serif;line-height:1.5;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}\
h1{margin-bottom:0}h2{border-bottom:2px solid #1d5c8a;margin-top:2rem}\
table{border-collapse:collapse;width:100%;margin:1rem 0}caption{text-align:left;font-weight:bold;padding:.25rem 0}\
th,td{border:1px solid #767676;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
thead th{background:#e8f0f6}.amount{text-align:right;white-space:nowrap}\
@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}";

/// The page.
pub(super) fn page(document: &Document) -> String {
    let mut html = beginning(&document.title, &document.subtitle);
    for part in &document.sections {
        section(&mut html, part);
    }
    html.push_str(END);
    html
}

/// What ends a page.
pub(super) const END: &str = "</main>\n</body>\n</html>\n";

/// What begins a page, its heading and the line beneath it included.
pub(super) fn beginning(title: &str, subtitle: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{}</p>\n",
        escaped(subtitle)
    )
}

fn section(html: &mut String, section: &Section) {
    html.push_str("<section>\n");
    push(html, format_args!("<h2>{}</h2>\n", escaped(section.heading)));
    for part in &section.tables {
        table(html, part);
    }
    html.push_str("</section>\n");
}

pub(super) fn table(html: &mut String, table: &Table) {
    push(html, format_args!("<table>\n<caption>{}</caption>\n", escaped(&table.caption)));
    let class = |amounts: bool| if amounts { " class=\"amount\"" } else { "" };
    if !table.heads.is_empty() {
        html.push_str("<thead>\n<tr>");
        for head in &table.heads {
            let class = class(head.amounts);
            push(html, format_args!("<th scope=\"col\"{class}>{}</th>", escaped(head.words)));
        }
        html.push_str("</tr>\n</thead>\n");
    }
    html.push_str("<tbody>\n");
    for row in &table.rows {
        html.push_str("<tr>");
        for (n, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            match (n, table.heads.get(n)) {
                (0, _) => push(html, format_args!("<th scope=\"row\">{cell}</th>")),
                (_, Some(head)) => push(html, format_args!("<td{}>{cell}</td>", class(head.amounts))),
                (_, None) => push(html, format_args!("<td>{cell}</td>")),
            }
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n");
}

pub(super) fn push(html: &mut String, text: std::fmt::Arguments<'_>) {
    // A string takes whatever is written.
    let _ = html.write_fmt(text);
}

pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

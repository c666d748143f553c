//! A document as a PDF of A4 pages, in the fonts that every reader has (Helvetica), so that none is shipped. What these cannot show is a
//! question mark; the page of HTML shows all. The file is not tagged: who reads with a screen reader is better served by that page.

#![allow(
    clippy::float_arithmetic,
    reason = "points on a page are floats in a PDF; no amount is computed here"
)]

use super::document::{Document, Table};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

/// A4, in points.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 50.0;
/// From the bottom of a page up to its text.
const FLOOR: f32 = 70.0;
const PADDING: f32 = 4.0;
/// The width of the first column of facts, of 100.
const NAME_WEIGHT: u8 = 30;
const BODY: Font = Font { bold: false, size: 9.0 };
const BOLD: Font = Font { bold: true, size: 9.0 };
const SMALL: Font = Font { bold: false, size: 8.0 };

#[derive(Debug, Clone, Copy)]
struct Font {
    bold: bool,
    size: f32,
}

/// Something on a page.
enum Mark {
    Text { x: f32, y: f32, font: Font, bytes: Vec<u8> },
    Rule { y: f32, width: f32 },
}

/// Pages as they are filled, from the top down.
struct Layout {
    pages: Vec<Vec<Mark>>,
    y: f32,
}

impl Layout {
    fn new() -> Self {
        Self { pages: vec![Vec::new()], y: HEIGHT - MARGIN }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Whether so much still fits; else a page is begun.
    fn makes_room(&mut self, height: f32) -> bool {
        let begins = self.y - height < FLOOR;
        if begins {
            self.pages.push(Vec::new());
            self.y = HEIGHT - MARGIN;
        }
        begins
    }

    fn paragraph(&mut self, font: Font, text: &str, space_above: f32) {
        let lines = wrapped(font, &encoded(text), WIDTH - 2.0 * MARGIN);
        let leading = font.size * 1.35;
        self.y -= space_above;
        for bytes in lines {
            self.makes_room(leading);
            self.y -= leading;
            self.mark(Mark::Text { x: MARGIN, y: self.y, font, bytes });
        }
    }

    fn table(&mut self, table: &Table) {
        self.makes_room(60.0);
        self.paragraph(BOLD, &table.caption, 8.0);
        self.y -= 3.0;
        self.heads(table);
        for row in &table.rows {
            let cells = self.cells(table, row.iter().map(String::as_str), false);
            let height = height_of(&cells);
            if self.makes_room(height) {
                self.heads(table);
            }
            self.row(table, cells, false);
        }
    }

    fn heads(&mut self, table: &Table) {
        if !table.heads.is_empty() {
            let cells = self.cells(table, table.heads.iter().map(|head| head.words), true);
            self.row(table, cells, true);
        }
    }

    /// The lines of each cell.
    fn cells<'a>(&self, table: &Table, row: impl Iterator<Item = &'a str>, bold: bool) -> Vec<Vec<Vec<u8>>> {
        let widths = columns(table);
        let of = |(n, text): (usize, &str)| {
            let width = widths.get(n).copied().unwrap_or_default() - 2.0 * PADDING;
            wrapped(font(table, n, bold), &encoded(text), width)
        };
        row.enumerate().map(of).collect()
    }

    fn row(&mut self, table: &Table, cells: Vec<Vec<Vec<u8>>>, bold: bool) {
        let (height, widths) = (height_of(&cells), columns(table));
        let top = self.y;
        let mut x = MARGIN;
        for (n, lines) in cells.into_iter().enumerate() {
            let (font, width) = (font(table, n, bold), widths.get(n).copied().unwrap_or_default());
            let right = table.heads.get(n).is_some_and(|head| head.amounts);
            for (count, bytes) in (0_u16..).zip(lines) {
                let y = top - BODY.size * 1.3 * (f32::from(count) + 1.0);
                let left = if right { width - PADDING - width_of(font, &bytes) } else { PADDING };
                self.mark(Mark::Text { x: x + left, y, font, bytes });
            }
            x += width;
        }
        self.y = top - height;
        self.mark(Mark::Rule { y: self.y, width: if bold { 1.0 } else { 0.3 } });
    }
}

fn font(table: &Table, column: usize, bold: bool) -> Font {
    let name = table.heads.is_empty() && column == 0;
    if bold || name { BOLD } else { BODY }
}

fn height_of(cells: &[Vec<Vec<u8>>]) -> f32 {
    let lines = cells.iter().map(Vec::len).max().unwrap_or(1).max(1);
    BODY.size * 1.3 * f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) + PADDING
}

/// The width of each column.
fn columns(table: &Table) -> Vec<f32> {
    let whole = WIDTH - 2.0 * MARGIN;
    let weights: Vec<u8> = match table.heads.as_slice() {
        [] => vec![NAME_WEIGHT, 100 - NAME_WEIGHT],
        heads => heads.iter().map(|head| head.weight).collect(),
    };
    let sum: f32 = weights.iter().copied().map(f32::from).sum();
    weights.into_iter().map(|weight| whole * f32::from(weight) / sum.max(1.0)).collect()
}

/// The file.
pub(super) fn file(document: &Document) -> Vec<u8> {
    let mut layout = Layout::new();
    layout.paragraph(Font { bold: true, size: 18.0 }, &document.title, 0.0);
    layout.paragraph(BODY, &document.subtitle, 2.0);
    for section in &document.sections {
        layout.makes_room(90.0);
        layout.paragraph(Font { bold: true, size: 13.0 }, section.heading, 14.0);
        section.tables.iter().for_each(|table| layout.table(table));
    }
    written(document, &layout.pages)
}

fn written(document: &Document, pages: &[Vec<Mark>]) -> Vec<u8> {
    let (catalog, tree, info) = (Ref::new(1), Ref::new(2), Ref::new(3));
    let fonts = [(false, Ref::new(4), &b"Helvetica"[..]), (true, Ref::new(5), &b"Helvetica-Bold"[..])];
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    let page_ids: Vec<Ref> = (0..count).map(|n| Ref::new(6 + 2 * n)).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree).lang(TextStr("en-GB"));
    pdf.document_info(info).title(TextStr(&document.title)).subject(TextStr(&document.subtitle));
    pdf.pages(tree).kids(page_ids.iter().copied()).count(count);
    for (number, (id, marks)) in (1..).zip(page_ids.iter().zip(pages)) {
        let content = Ref::new(id.get() + 1);
        let mut page = pdf.page(*id);
        page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(content);
        let mut resources = page.resources();
        let mut named = resources.fonts();
        for (bold, id, _) in fonts {
            named.pair(font_name(bold), id);
        }
        named.finish();
        resources.finish();
        page.finish();
        let foot = format!("{}  |  Page {number} of {count}", document.subtitle);
        let foot = Mark::Text { x: MARGIN, y: 40.0, font: SMALL, bytes: encoded(&foot) };
        pdf.stream(content, &drawn(marks.iter().chain([&foot])));
    }
    for (_, id, base) in fonts {
        pdf.type1_font(id).base_font(Name(base)).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.finish()
}

fn font_name(bold: bool) -> Name<'static> {
    if bold { Name(b"B") } else { Name(b"R") }
}

fn drawn<'a>(marks: impl Iterator<Item = &'a Mark>) -> Vec<u8> {
    let mut content = Content::new();
    for mark in marks {
        match mark {
            Mark::Text { x, y, font, bytes } => {
                content.begin_text().set_font(font_name(font.bold), font.size);
                content.next_line(*x, *y).show(Str(bytes)).end_text();
            }
            Mark::Rule { y, width } => {
                content.set_line_width(*width).move_to(MARGIN, *y).line_to(WIDTH - MARGIN, *y).stroke();
            }
        }
    }
    content.finish().into_vec()
}

/// The text in the encoding of the fonts, Windows code page 1252.
fn encoded(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        '\n' | '\t' => b' ',
        '–' => 0x96,
        '—' => 0x97,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '€' => 0x80,
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(c)).unwrap_or(b'?'),
        _ => b'?',
    };
    text.chars().map(byte).collect()
}

/// Lines of at most this width, broken at spaces, and within a word that is longer.
fn wrapped(font: Font, text: &[u8], width: f32) -> Vec<Vec<u8>> {
    let mut lines = vec![Vec::new()];
    for word in text.split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
        let Some(line) = lines.last_mut() else { break };
        let with = if line.is_empty() { word.to_vec() } else { [line.as_slice(), b" ", word].concat() };
        if width_of(font, &with) <= width {
            *line = with;
            continue;
        }
        if !line.is_empty() {
            lines.push(Vec::new());
        }
        for byte in word {
            let full = lines.last().is_some_and(|line| {
                !line.is_empty() && width_of(font, &[line.as_slice(), &[*byte]].concat()) > width
            });
            if full {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push(*byte);
            }
        }
    }
    lines
}

fn width_of(font: Font, text: &[u8]) -> f32 {
    let table = if font.bold { &HELVETICA_BOLD } else { &HELVETICA };
    let thousandths = |byte: &u8| match byte {
        b' '..=b'~' => table.get(usize::from(*byte - b' ')).copied().unwrap_or(556),
        // Capitals with accents are wider than the pound sign and the rest.
        0xc0..=0xde => 778,
        _ => 556,
    };
    text.iter().map(thousandths).map(f32::from).sum::<f32>() * font.size / 1_000.0
}

/// The widths of the characters from the space to the tilde, in thousandths of the size (Adobe's font metrics of the base fonts).
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const HELVETICA_BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278,
    556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584,
    556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556,
    333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

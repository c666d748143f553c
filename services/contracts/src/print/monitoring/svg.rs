//! A small writer of SVG: pictures of text, lines and bars, sized in whole pixels. Everything that people wrote is escaped, each picture has a
//! title and a description for those who hear it read out, series differ by pattern and not by colour alone, and the ink follows the reader's
//! light or dark. It needs nothing from elsewhere.

use super::super::html::escaped;
use std::fmt::Write as _;

/// The width of every picture.
pub(super) const WIDTH: i64 = 720;
/// The height of a line of text.
pub(super) const LINE: i64 = 16;
/// How many series have a pattern of their own.
pub(super) const SERIES_MAX: usize = 3;
/// What is left free at each side.
const MARGIN: i64 = 16;

const STYLE: &str = "text{font-family:Arial,Helvetica,'Liberation Sans',sans-serif;font-size:12px;fill:#1a1a1a}\
.h{font-size:15px;font-weight:bold}.s{font-size:11px}.m{fill:#525252}.v{stroke:#fff;stroke-width:2px;paint-order:stroke}.paper{fill:#fff}.grid{stroke:#c8c8c8;stroke-width:1}\
.axis{stroke:#525252;stroke-width:1}.b0{fill:#1d5c8a}.b1{fill:#fdf0e0}.b2{fill:#e4f1e2}.l1{stroke:#a34d00;stroke-width:3}\
.l2{fill:#2c6a2c}.e0{stroke:#1d5c8a}.e1{stroke:#a34d00}.e2{stroke:#2c6a2c}\
.e0,.e1,.e2{stroke-width:1}\
@media (prefers-color-scheme:dark) and (not print){.alone text{fill:#f0f0f0}.alone .m{fill:#c0c0c0}.alone .v{stroke:#1c1c1c}.alone .paper{fill:#1c1c1c}\
.alone .grid{stroke:#4a4a4a}.alone .axis{stroke:#c0c0c0}.alone .b0{fill:#6db3e6}.alone .e0{stroke:#6db3e6}.alone .e1{stroke:#f0a04b}\
.alone .e2{stroke:#7cc47c}}";

/// A picture without its frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// What it shows.
    pub(super) title: String,
    /// The same in words.
    pub(super) description: String,
    /// How high it is.
    pub(super) height: i64,
    /// Its elements.
    pub(super) body: String,
}

/// A picture that is being drawn.
#[derive(Debug, Default)]
pub(super) struct Drawing(String);

/// Where a text has its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        // A string takes whatever is written.
        let _ = self.0.write_fmt(element);
    }

    /// A line of text with these classes.
    pub(super) fn text(&mut self, (x, y): (i64, i64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let text = clean(text);
        self.put(format_args!("<text x=\"{x}\" y=\"{y}\"{anchor} class=\"{class}\">{text}</text>\n"));
    }

    /// A line of text that is read from below, from this point upwards.
    pub(super) fn text_upwards(&mut self, (x, y): (i64, i64), class: &str, text: &str) {
        let text = clean(text);
        self.put(format_args!(
            "<text transform=\"translate({x} {y}) rotate(-90)\" class=\"{class}\">{text}</text>\n"
        ));
    }

    /// A line with this class.
    pub(super) fn line(&mut self, (x1, y1): (i64, i64), (x2, y2): (i64, i64), class: &str) {
        self.put(format_args!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" class=\"{class}\"/>\n"));
    }

    /// A bar in the pattern of a series, with a text that is shown where it is pointed at.
    pub(super) fn bar(&mut self, (x, y): (i64, i64), (width, height): (i64, i64), series: usize, hint: &str) {
        let series = series % SERIES_MAX;
        let fill = if series == 0 { String::new() } else { format!(" style=\"fill:url(#p{series})\"") };
        let hint = clean(hint);
        self.put(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" class=\"b{series} e{series}\"{fill}><title>{hint}</title></rect>\n"
        ));
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// The patterns of the second series and the third: stripes and dots.
const PATTERNS: &str = "<defs>\
<pattern id=\"p1\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<rect width=\"7\" height=\"7\" class=\"b1\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\" class=\"l1\"/></pattern>\
<pattern id=\"p2\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
<rect width=\"6\" height=\"6\" class=\"b2\"/><circle cx=\"3\" cy=\"3\" r=\"1.6\" class=\"l2\"/></pattern></defs>\n";

/// A picture in a page. `n` tells it from the others there.
pub(super) fn inline(picture: &Picture, n: usize) -> String {
    let Picture { title, description, height, body } = picture;
    let (title, description) = (clean(title), clean(description));
    // The names of patterns are the page's, and each picture brings its own.
    let own =
        |text: &str| text.replace("url(#p", &format!("url(#c{n}p")).replace("id=\"p", &format!("id=\"c{n}p"));
    let (patterns, body) = (own(PATTERNS), own(body));
    // A stroke on the edge is as wide as any other.
    let wide = WIDTH + 4;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-2 0 {wide} {height}\" width=\"{wide}\" height=\"{height}\" \
         style=\"max-width:100%;height:auto\" role=\"img\" aria-labelledby=\"c{n}t c{n}d\">\n\
         <title id=\"c{n}t\">{title}</title>\n<desc id=\"c{n}d\">{description}</desc>\n<style>{STYLE}</style>\n{patterns}{body}</svg>\n"
    )
}

/// Pictures one below the other, as a file of its own, beneath a heading.
pub(super) fn stacked(heading: &str, pictures: &[Picture]) -> String {
    const GAP: i64 = 24;
    let mut head = Drawing::default();
    let mut y = GAP;
    for line in wrapped(heading, WIDTH, 15) {
        y += LINE + 6;
        head.text((MARGIN, y), Anchor::Start, "h", &line);
    }
    let mut body = head.finish();
    y += GAP / 2;
    for (n, picture) in pictures.iter().enumerate() {
        let Picture { title, description, height, body: own } = picture;
        let (title, description) = (clean(title), clean(description));
        let _ = write!(
            body,
            "<g transform=\"translate({MARGIN} {y})\" role=\"img\" aria-labelledby=\"c{n}t c{n}d\">\n<title id=\"c{n}t\">{title}</title>\n\
             <desc id=\"c{n}d\">{description}</desc>\n{own}</g>\n"
        );
        y += height + GAP;
    }
    let (heading, wide) = (clean(heading), WIDTH + 2 * MARGIN);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {y}\" width=\"{wide}\" \
         height=\"{y}\" class=\"alone\" role=\"group\" aria-labelledby=\"t\">\n<title id=\"t\">{heading}</title>\n<style>{STYLE}</style>\n\
         {PATTERNS}<rect width=\"{wide}\" height=\"{y}\" class=\"paper\"/>\n{body}</svg>\n"
    )
}

/// Text that XML takes: what it has no form for is left out.
fn clean(text: &str) -> String {
    let printable: String =
        text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    escaped(&printable)
}

/// How wide a text is at most at a size in pixels: no face that is asked for is wider on average.
pub(super) fn width_of(text: &str, size: i64) -> i64 {
    let tenths = |c: char| match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | ' ' | '.' | ',' | '-' | ':' | '\'' => 4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 10,
        _ => 7,
    };
    (text.chars().map(tenths).sum::<i64>() * size + 9) / 10
}

/// A text in lines of a width; a word that is wider stands alone, and is cut.
pub(super) fn wrapped(text: &str, width: i64, size: i64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let joined = lines.last().map(|line| format!("{line} {word}"));
        match (lines.last_mut(), joined) {
            (Some(line), Some(joined)) if width_of(&joined, size) <= width => *line = joined,
            _ => lines.push(cut(word, width, size)),
        }
    }
    lines
}

fn cut(word: &str, width: i64, size: i64) -> String {
    if width_of(word, size) <= width {
        return word.to_owned();
    }
    let mut cut = String::new();
    for c in word.chars() {
        cut.push(c);
        if width_of(&cut, size) + size > width {
            break;
        }
    }
    cut + "…"
}

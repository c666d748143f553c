//! Text that is put into other people's formats: escaped where it would be read as syntax, in such a way that it can be read back.

use std::fmt::Write as _;

/// What stays as it is in a journal beside letters and digits. Everything else means something to hledger or to Beancount somewhere:
/// `;` `|` `"` `\` `[` `]` `{` `}` `,` `:`, line ends, odd spaces.
const PLAIN: &str = ".-_/&'+#@£()=!?*";

/// Percent-escapes all that hledger or Beancount could read as syntax, so that the same text is data in both. Single spaces inside stay.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        // A space at either end would be cut off, and two spaces end a name.
        let inner = letter == ' ' && before != ' ' && rest.peek().is_some_and(|next| *next != ' ');
        if letter.is_alphanumeric() || PLAIN.contains(letter) || inner {
            escaped.push(letter);
        } else {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
        before = letter;
    }
    escaped
}

/// What [`escape`] was given. None where it never gave this.
#[must_use]
pub fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (escape(&text) == escaped).then_some(text)
}

/// Escapes what HTML reads as markup, in text and in quoted attributes.
#[must_use]
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_syntax_is_escaped_and_words_stay() {
        assert_eq!(escape("Nights of April (2 rooms)"), "Nights of April (2 rooms)");
        assert_eq!(escape("a; b"), "a%3B b");
        assert_eq!(escape(" a  b\n"), "%20a%20%20b%0A");
        assert_eq!(escape("100%"), "100%25");
        assert_eq!(unescape("%zz"), None);
        assert_eq!(unescape("%41"), None, "a letter is never escaped");
        assert_eq!(html("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    }

    proptest! {
        #[test]
        fn escaped_text_is_read_back_and_holds_no_syntax(text in any::<String>()) {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains([';', '|', '"', '\\', '\n', '\r', '\t', '[', ',', ':']));
            prop_assert!(!escaped.contains("  ") && escaped.trim() == escaped);
            prop_assert_eq!(unescape(&escaped), Some(text));
        }

        #[test]
        fn any_text_is_unescaped_or_refused(text in any::<String>()) {
            let _ = unescape(&text);
        }
    }
}

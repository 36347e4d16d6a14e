//! Where a text stops being JSON5, and what is expected there. The parser refuses such a text as a whole, and tells the place of
//! what it last looked at in vain: often another one. Brackets are found here; all between them is the parser's to judge.

use std::ops::Range;

use serde::de::IgnoredAny;

/// Brackets within one another: what reads them calls itself for each.
const DEPTH_MAX: usize = 128;

/// Line and column, one-based, and a sentence.
pub type Place = (usize, usize, String);

/// What is wrong with a text that the parser refused.
pub fn problem(body: &str) -> Option<Place> {
    let mut reader = Reader { body, at: 0 };
    let wrong = reader.whole().err()?;
    Some(place(body, wrong))
}

/// Of any text, before it is parsed.
pub fn too_deep(body: &str) -> Option<Place> {
    let mut reader = Reader { body, at: 0 };
    let at = reader.bracket_too_deep()?;
    let text = format!("more than {DEPTH_MAX} brackets within one another");
    Some(place(body, Wrong { at, text }))
}

/// Where the value at or behind a place begins, and what stands in its brackets; None: it has none, or they are wrong.
pub fn members(body: &str, at: usize) -> (usize, Option<Members>) {
    let mut reader = Reader { body, at };
    let is_there = reader.blanks().is_ok();
    let (begin, mut all) = (reader.at, Vec::new());
    let end = match reader.peek() {
        Some('{') => '}',
        Some('[') => ']',
        _ => return (begin, None),
    };
    let is_right = is_there && reader.list(end, |member| all.push(member)).is_ok();
    (begin, is_right.then_some(all))
}

pub type Members = Vec<Member>;

/// Of an object or a list.
pub struct Member {
    /// Of an object: as it is written.
    pub key: Option<Range<usize>>,
    /// Where its value begins.
    pub value: usize,
}

fn place(body: &str, wrong: Wrong) -> Place {
    let (line, column) = line_and_column(body, wrong.at);
    (line, column, wrong.text)
}

/// One-based.
pub fn line_and_column(body: &str, at: usize) -> (usize, usize) {
    let before = &body[..at];
    let line_begin = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_begin..].chars().count() + 1)
}

struct Wrong {
    at: usize,
    text: String,
}

struct Reader<'a> {
    body: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.body[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn takes(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn wrong<T>(&self, text: impl Into<String>) -> Result<T, Wrong> {
        let (at, text) = (self.at, text.into());
        Err(Wrong { at, text })
    }

    /// Where the first one stands. Beyond a text or a comment without an end the parser does not get either.
    fn bracket_too_deep(&mut self) -> Option<usize> {
        let mut depth: usize = 0;
        loop {
            self.blanks().ok()?;
            let next = self.peek()?;
            match next {
                '"' | '\'' => {
                    self.string().ok()?;
                    continue;
                }
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > DEPTH_MAX {
                return Some(self.at);
            }
            self.at += next.len_utf8();
        }
    }

    fn whole(&mut self) -> Result<(), Wrong> {
        self.value()?;
        self.blanks()?;
        match self.peek() {
            None => Ok(()),
            Some(_) => self.wrong("nothing is expected behind the last bracket"),
        }
    }

    /// White space and comments.
    fn blanks(&mut self) -> Result<(), Wrong> {
        loop {
            self.at += self.rest().len() - self.rest().trim_start_matches(is_blank).len();
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find(is_line_end).unwrap_or(rest.len());
            } else if let Some(inside) = rest.strip_prefix("/*") {
                match inside.find("*/") {
                    Some(end) => self.at += end + 4,
                    None => return self.wrong("a comment without an end, */"),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self) -> Result<(), Wrong> {
        self.blanks()?;
        match self.peek() {
            Some('{') => self.list('}', |_| ()),
            Some('[') => self.list(']', |_| ()),
            Some('"' | '\'') => self.string(),
            None => self.wrong("a value is expected, and the text ends"),
            Some(_) => {
                let len = self.word_len();
                let is_value = is_json5(&self.rest()[..len]);
                self.pass(len, is_value, "a value is expected; a text stands between quotes")
            }
        }
    }

    /// An object or a list, at its first bracket.
    fn list(&mut self, end: char, mut seen: impl FnMut(Member)) -> Result<(), Wrong> {
        let begin = self.at;
        self.at += 1;
        loop {
            self.blanks()?;
            if self.takes(end) {
                return Ok(());
            }
            if self.peek().is_none() {
                self.at = begin;
                return self.wrong(format!("a bracket that no {end} closes"));
            }
            let key = if end == '}' { Some(self.key()?) } else { None };
            self.blanks()?;
            seen(Member { key, value: self.at });
            self.value()?;
            self.blanks()?;
            if !self.takes(',') && !matches!(self.peek(), Some(c) if c == end) && self.peek().is_some() {
                return self.wrong(format!("a comma or {end} is expected"));
            }
        }
    }

    /// With its colon, which is not of what is returned.
    fn key(&mut self) -> Result<Range<usize>, Wrong> {
        let begin = self.at;
        match self.peek() {
            Some('"' | '\'') => self.string()?,
            _ => {
                let len = self.word_len();
                let is_key = is_json5(&format!("{{{}:0}}", &self.rest()[..len]));
                self.pass(len, is_key, "a key or } is expected")?;
            }
        }
        let key = begin..self.at;
        self.blanks()?;
        match self.takes(':') {
            true => Ok(key),
            false => self.wrong("a colon is expected behind the key"),
        }
    }

    fn string(&mut self) -> Result<(), Wrong> {
        let rest = self.rest();
        let mut inside = rest.char_indices();
        let quote = inside.next().map(|(_, quote)| quote);
        while let Some((at, c)) = inside.next() {
            if Some(c) == quote {
                let is_text = is_json5(&rest[..=at]);
                return self.pass(at + 1, is_text, "a text in which a \\ is followed by what it cannot be");
            }
            if is_line_end(c) {
                break;
            }
            if c == '\\' && matches!(inside.next(), Some((_, '\r'))) && inside.as_str().starts_with('\n') {
                inside.next();
            }
        }
        self.wrong("a text whose last quote is missing")
    }

    /// Of a number, or a name such as true.
    fn word_len(&self) -> usize {
        let rest = self.rest();
        rest.find(|c: char| is_blank(c) || ",:/{}[]\"'".contains(c))
            .unwrap_or(rest.len())
    }

    fn pass(&mut self, len: usize, is_right: bool, otherwise: &str) -> Result<(), Wrong> {
        if !is_right {
            return self.wrong(otherwise);
        }
        self.at += len;
        Ok(())
    }
}

fn is_json5(text: &str) -> bool {
    json5::from_str::<IgnoredAny>(text).is_ok()
}

fn is_blank(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_where_it_stands() {
        for (body, line, column, says) in [
            ("{\n mode 'peer'}", 2, 7, "a colon is expected"),
            ("{\n a: 1\n b: 2}", 3, 2, "a comma or } is expected"),
            ("{a: [1,\n 2 3]}", 2, 4, "a comma or ] is expected"),
            ("{a: {\n b: 1,", 1, 5, "a bracket that no } closes"),
            ("{a: 1}\n}", 2, 1, "nothing is expected"),
            ("{\n a: peer}", 2, 5, "a text stands between quotes"),
            ("{a: 'b\n}", 1, 5, "last quote is missing"),
            ("{a: 'b", 1, 5, "last quote is missing"),
            ("{/* a: 1}", 1, 2, "a comment without an end"),
            ("{/*/ a: 1}", 1, 2, "a comment without an end"),
            ("{é: 'ü', ]: 1}", 1, 10, "a key or } is expected"),
            ("{1a: 1}", 1, 2, "a key or } is expected"),
            ("{a\u{301}: 1 2}", 1, 8, "a comma or } is expected"),
            ("{a: }", 1, 5, "a value is expected"),
            ("{a: '\\x4'}", 1, 5, "a \\ is followed by"),
            ("{a: 'x\\\r\ny', b}", 2, 6, "a colon is expected"),
            ("// a\r{b}", 1, 8, "a colon is expected"),
            ("", 1, 1, "the text ends"),
        ] {
            let (at_line, at_column, text) = problem(body).expect(body);
            assert_eq!((at_line, at_column), (line, column), "{body}: {text}");
            assert!(text.contains(says), "{body}: {text}");
            assert!(!is_json5(body));
        }
    }

    #[test]
    fn what_is_json5_is_not_found_wrong() {
        for body in [
            "{a: 1, 'b': [true, null, 0x1F, .5, 1e3, Infinity,], \"c\": {},}",
            "// x\n[/* y */ 'it\\'s', \"a\\\\\", 'a\\\nb', ''] // z",
            "{$a_1: \"//\"}",
        ] {
            assert!(is_json5(body), "{body}");
            assert!(problem(body).is_none(), "{body}");
        }
    }

    /// Texts of a few pieces, in an order that is the same each time.
    fn each_of_many(mut check: impl FnMut(&str)) {
        const PIECES: [&str; 24] = [
            "{", "}", "[", "]", ",", ":", "a", "'b'", "\"c\"", "1", "-.5", "true", " ", "\n", "\r", "\u{85}",
            "\u{2028}", "//", "/*", "*/", "'", "\\", "{a:", "1]",
        ];
        let mut state: u32 = 1;
        for _ in 0..50_000 {
            let mut next = |below: usize| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as usize % below
            };
            let len = next(10);
            check(&(0..len).map(|_| PIECES[next(PIECES.len())]).collect::<String>());
        }
    }

    #[test]
    fn what_is_found_wrong_is_what_the_parser_refuses() {
        let mut refused = 0;
        each_of_many(|body| {
            assert_eq!(problem(body).is_none(), is_json5(body), "{body:?}");
            refused += usize::from(!is_json5(body));
        });
        assert!((1000..49_000).contains(&refused), "{refused}");
    }

    #[test]
    fn brackets_within_one_another_are_bounded() {
        let nested = |open: &str, close: &str, depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for (open, close, column) in [
            ("[", "]", DEPTH_MAX + 1),
            ("{a:", "}", 3 * DEPTH_MAX + 1),
            ("[']',", "]", 5 * DEPTH_MAX + 1),
            ("[/*]*/", "]", 6 * DEPTH_MAX + 1),
        ] {
            assert_eq!(too_deep(&nested(open, close, DEPTH_MAX)), None, "{open}");
            assert!(is_json5(&nested(open, close, DEPTH_MAX)), "{open}");
            let text = "more than 128 brackets within one another".to_owned();
            let told = too_deep(&nested(open, close, 100_000));
            assert_eq!(told, Some((1, column, text)), "{open}");
            assert_eq!(too_deep(&open.repeat(100_000)), told, "{open}");
        }
        assert_eq!(too_deep(&"[1], ".repeat(DEPTH_MAX + 1)), None);
        assert_eq!(
            too_deep(&format!("'{}", "[".repeat(100_000))),
            None,
            "no bracket is read"
        );
    }
}

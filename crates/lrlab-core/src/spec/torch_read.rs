//! Reads PyTorch's constructor text, character by character.

use std::ops::Range;

use super::{Fault, TorchCall, TorchValue};
use crate::expression::Expression;

/// What is wrong, and which bytes it is about.
pub(super) type Misread = (Range<usize>, Fault);

/// Whether `text` begins with a name and an opening bracket, as a constructor does.
pub(super) fn looks_like_call(text: &str) -> bool {
    let text = text.trim_start();
    let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    // These two are schedules of lrlab's own that take an expression, with brackets or without.
    let own = matches!(&text[..end], "lambda" | "multiplicative");
    end > 0 && !own && text[end..].starts_with('(')
}

/// Reads a constructor at the start of `range`; returns it with the byte where it ends.
pub(super) fn read_call(text: &str, range: Range<usize>) -> Result<(TorchCall, usize), Misread> {
    let mut reader = Reader { text: &text[..range.end], at: range.start, depth: 0 };
    let (name, span) = reader.name("a constructor such as `StepLR(step_size=5)`")?;
    let call = reader.call(&name, span)?;
    Ok((call, reader.at))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}

pub(super) fn quoted(rest: &str) -> String {
    match rest.split_whitespace().next() {
        Some(word) => format!("`{}`", word.chars().take(40).collect::<String>()),
        None => "the end".to_owned(),
    }
}

/// Deep enough for every scheduler there is, shallow enough for any stack.
const DEEPEST: usize = 24;

/// What may stand before a class or function.
const MODULES: [&str; 11] = [
    "torch",
    "optim",
    "lr_scheduler",
    "swa_utils",
    "transformers",
    "optimization",
    "lrlab",
    "schedulefree",
    "prodigyopt",
    "pytorch_optimizer",
    "dog",
];

/// An argument before it is clear whether a bare name stands for the optimizer.
enum Item {
    Value(TorchValue),
    Name(String),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, symbol: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len_utf8();
        }
        found
    }

    fn wrong<T>(&mut self, expected: &str) -> Result<T, Misread> {
        self.skip_space();
        let got = quoted(self.rest());
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        Err((self.at..self.at + length, Fault::syntax(expected, got)))
    }

    fn name(&mut self, expected: &str) -> Result<(String, Range<usize>), Misread> {
        self.skip_space();
        let length = self.rest().find(|c: char| !is_name(c)).unwrap_or(self.rest().len());
        if length == 0 {
            return self.wrong(expected);
        }
        let span = self.at..self.at + length;
        self.at = span.end;
        Ok((self.text[span.clone()].to_owned(), span))
    }

    /// The brackets and all between them, after `name`.
    fn call(&mut self, name: &str, span: Range<usize>) -> Result<TorchCall, Misread> {
        let mut path = name.split('.').rev();
        let class = path.next().unwrap_or_default();
        if path.any(|module| !MODULES.contains(&module)) {
            return Err((span, Fault::syntax("a class of torch.optim", format!("`{name}`"))));
        }
        if !self.eat('(') {
            return self.wrong("`(` after the class");
        }
        let mut call = TorchCall { name: class.to_owned(), args: Vec::new(), kwargs: Vec::new() };
        let mut first = true;
        while !self.eat(')') {
            self.argument(&mut call, first)?;
            first = false;
            if !self.eat(',') {
                if self.eat(')') {
                    break;
                }
                return self.wrong("`,` or `)`");
            }
        }
        Ok(call)
    }

    fn argument(&mut self, call: &mut TorchCall, first: bool) -> Result<(), Misread> {
        self.skip_space();
        let start = self.at;
        let item = self.item()?;
        if let Item::Name(key) = &item
            && self.eat('=')
        {
            let twice = call.kwargs.iter().any(|(known, _)| known == key);
            let value = self.item()?;
            let span = start..self.at;
            if twice {
                return Err((span, Fault::Twice { what: format!("`{key}`") }));
            }
            return match value {
                _ if matches!(key.as_str(), "optimizer" | "params") => Ok(()),
                Item::Value(value) => {
                    call.kwargs.push((key.clone(), value));
                    Ok(())
                }
                Item::Name(name) => Err((span, needs_value(&name))),
            };
        }
        let span = start..self.at;
        match item {
            Item::Name(_) if first => Ok(()),
            // Hugging Face's takes the optimizer after the schedule's name.
            Item::Name(_) if call.name == "get_scheduler" && call.args.len() == 1 => Ok(()),
            Item::Name(name) => Err((span, needs_value(&name))),
            Item::Value(_) if !call.kwargs.is_empty() => {
                Err((span, Fault::syntax("`name=value` after another one", "a positional argument")))
            }
            Item::Value(value) => {
                call.args.push(value);
                Ok(())
            }
        }
    }

    fn item(&mut self) -> Result<Item, Misread> {
        self.skip_space();
        let start = self.at;
        let mut item = self.term()?;
        loop {
            let divide = self.eat('/');
            if !divide && !self.eat('*') {
                return Ok(item);
            }
            let right = self.term()?;
            let product = match (&item, &right) {
                (Item::Value(TorchValue::Int(a)), Item::Value(TorchValue::Int(b))) if !divide => {
                    a.checked_mul(*b).map(TorchValue::Int)
                }
                (Item::Value(a), Item::Value(b)) => a
                    .number()
                    .zip(b.number())
                    .map(|(a, b)| if divide { a / b } else { a * b })
                    .filter(|value| value.is_finite())
                    .map(TorchValue::Float),
                _ => None,
            };
            let Some(product) = product else {
                let got = format!("`{}`", self.text[start..self.at].trim());
                return Err((start..self.at, Fault::syntax("a finite number", got)));
            };
            item = Item::Value(product);
        }
    }

    fn term(&mut self) -> Result<Item, Misread> {
        self.skip_space();
        if self.depth == DEEPEST {
            return self.wrong("fewer brackets inside brackets");
        }
        self.depth += 1;
        let item = match self.rest().chars().next() {
            Some('[') => self.list('[', ']').map(Item::Value),
            Some('(') => self.list('(', ')').map(Item::Value),
            Some('{') => self.dict().map(Item::Value),
            Some(quote @ ('\'' | '"')) => self.string(quote).map(Item::Value),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number().map(Item::Value),
            _ => self.word(),
        };
        self.depth -= 1;
        item
    }

    fn word(&mut self) -> Result<Item, Misread> {
        let (name, span) = self.name("a value")?;
        Ok(match name.as_str() {
            "None" => Item::Value(TorchValue::None),
            "True" => Item::Value(TorchValue::Bool(true)),
            "False" => Item::Value(TorchValue::Bool(false)),
            "lambda" => Item::Value(self.lambda(span)?),
            _ if name.contains("SchedulerType.") => {
                let word = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
                // The only member whose name is not its value.
                let word = if word == "reduce_on_plateau" { "reduce_lr_on_plateau".to_owned() } else { word };
                Item::Value(TorchValue::Text(word))
            }
            _ if self.rest().starts_with('(') => {
                let class = name.rsplit('.').next().unwrap_or_default();
                if matches!(class, "parameters" | "named_parameters") {
                    self.call("parameters", span)?;
                    Item::Name(name)
                } else {
                    Item::Value(TorchValue::Call(self.call(&name, span)?))
                }
            }
            _ => Item::Name(name),
        })
    }

    /// A function of one parameter, up to the comma or bracket that ends it.
    fn lambda(&mut self, word: Range<usize>) -> Result<TorchValue, Misread> {
        let mut open = 0_usize;
        let length = self.rest().find(|c: char| {
            match c {
                '(' | '[' | '{' => open += 1,
                ')' | ']' | '}' if open > 0 => open -= 1,
                _ => return open == 0 && matches!(c, ',' | ')' | ']' | '}'),
            }
            false
        });
        self.at += length.unwrap_or(self.rest().len());
        let text = &self.text[word.start..self.at];
        let offset = |span: Range<usize>| word.start + span.start..word.start + span.end;
        Expression::from_python_lambda(text)
            .map(TorchValue::Lambda)
            .map_err(|(span, fault)| (offset(span), fault))
    }

    /// `{'num_cycles': 2}`, which is `dict(num_cycles=2)`.
    fn dict(&mut self) -> Result<TorchValue, Misread> {
        self.eat('{');
        let mut dict = TorchCall { name: "dict".to_owned(), args: Vec::new(), kwargs: Vec::new() };
        while !self.eat('}') {
            self.skip_space();
            let start = self.at;
            let key = match self.rest().chars().next() {
                Some(quote @ ('\'' | '"')) => self.string(quote)?,
                _ => return self.wrong("a key in quotes"),
            };
            let key = match key {
                TorchValue::Text(key) if !key.is_empty() && key.chars().all(is_name) => key,
                other => {
                    let fault = Fault::syntax("a key that is a name", format!("{other}"));
                    return Err((start..self.at, fault));
                }
            };
            if !self.eat(':') {
                return self.wrong("`:` after the key");
            }
            let value = match self.item()? {
                Item::Value(value) => value,
                Item::Name(name) => return Err((start..self.at, needs_value(&name))),
            };
            if dict.kwargs.iter().any(|(known, _)| *known == key) {
                return Err((start..self.at, Fault::Twice { what: format!("`{key}`") }));
            }
            dict.kwargs.push((key, value));
            if !self.eat(',') {
                if self.eat('}') {
                    break;
                }
                return self.wrong("`,` or `}`");
            }
        }
        Ok(TorchValue::Call(dict))
    }

    fn list(&mut self, open: char, close: char) -> Result<TorchValue, Misread> {
        self.eat(open);
        let mut items = Vec::new();
        let mut commas = 0;
        while !self.eat(close) {
            self.skip_space();
            let start = self.at;
            match self.item()? {
                Item::Value(value) => items.push(value),
                Item::Name(name) => return Err((start..self.at, needs_value(&name))),
            }
            if self.eat(',') {
                commas += 1;
            } else if self.eat(close) {
                break;
            } else {
                return self.wrong(&format!("`,` or `{close}`"));
            }
        }
        // As in Python, round brackets without a comma only group.
        match items.pop() {
            Some(only) if open == '(' && commas == 0 => Ok(only),
            last => {
                items.extend(last);
                Ok(TorchValue::List(items))
            }
        }
    }

    fn string(&mut self, quote: char) -> Result<TorchValue, Misread> {
        let start = self.at;
        let Some(length) = self.rest()[1..].find(quote) else {
            return self.wrong(&format!("a closing {quote}"));
        };
        let text = self.rest()[1..=length].to_owned();
        self.at += length + 2;
        if text.contains(['\'', '"', '\\', '|', ';', '\n']) {
            let fault = Fault::syntax("a plain word in quotes", quoted(&text));
            return Err((start..self.at, fault));
        }
        Ok(TorchValue::Text(text))
    }

    fn number(&mut self) -> Result<TorchValue, Misread> {
        let start = self.at;
        let mut before = ' ';
        let length = self.rest().find(|c: char| {
            let sign = matches!(c, '-' | '+') && matches!(before, ' ' | 'e' | 'E');
            before = c;
            !(sign || c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
        });
        self.at += length.unwrap_or(self.rest().len());
        let digits = self.text[start..self.at].replace('_', "");
        if let Ok(value) = digits.parse() {
            return Ok(TorchValue::Int(value));
        }
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() && !digits.contains(['i', 'n']) => Ok(TorchValue::Float(value)),
            _ => Err((start..self.at, Fault::syntax("a finite number", format!("`{digits}`")))),
        }
    }
}

fn needs_value(name: &str) -> Fault {
    Fault::syntax(
        "a number, a list or a constructor (names of variables are not known here)",
        format!("`{name}`"),
    )
}

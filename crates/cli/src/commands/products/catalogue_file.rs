//! Files of products: CSV with a heading, or a JSON object a line. Every line is read, and every fault is told.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use domain::{Product, ProductId};
use serde::Serialize;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FileFormat {
    /// Comma-separated values under the heading productId,name,price,currency,stock in any order.
    Csv,
    /// One JSON object on each line.
    Jsonl,
}

/// Something wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineFault {
    /// The line in the file, from 1.
    pub line: u64,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

/// What a file has: products with their lines, and faults.
#[derive(Debug, Default)]
pub struct CatalogueFile {
    /// The products, each with its line.
    pub products: Vec<(u64, Product)>,
    /// What is wrong, in order of lines.
    pub faults: Vec<LineFault>,
}

impl CatalogueFile {
    /// Reads a whole file.
    pub fn read(source: impl Read, format: FileFormat) -> Self {
        let mut file = Self::default();
        match format {
            FileFormat::Csv => file.read_csv(source),
            FileFormat::Jsonl => file.read_jsonl(source),
        }
        file.refuse_repeats();
        file
    }

    fn fault(&mut self, line: u64, problem: impl fmt::Display) {
        self.faults.push(LineFault {
            line,
            problem: problem.to_string(),
        });
    }

    fn read_jsonl(&mut self, mut source: impl Read) {
        let mut bytes = Vec::new();
        if let Err(error) = source.read_to_end(&mut bytes) {
            return self.fault(0, error);
        }
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let number = index as u64 + 1;
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(product) => self.products.push((number, product)),
                Err(error) => self.fault(
                    number,
                    error.to_string().replace(" at line 1 column ", ", column "),
                ),
            }
        }
    }

    fn read_csv(&mut self, source: impl Read) {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
        let columns = match reader
            .headers()
            .map_err(|e| vec![e.to_string()])
            .and_then(Columns::find)
        {
            Ok(columns) => columns,
            Err(problems) => return problems.iter().for_each(|problem| self.fault(1, problem)),
        };
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    match columns.product(&record) {
                        Ok(product) => self.products.push((line, product)),
                        Err(problems) => problems.iter().for_each(|problem| self.fault(line, problem)),
                    }
                }
                Err(error) => self.fault(error.position().map_or(0, csv::Position::line), &error),
            }
        }
    }

    /// The second of two lines for one product would silently win.
    fn refuse_repeats(&mut self) {
        let mut seen = std::collections::HashMap::new();
        let mut faults = Vec::new();
        for (line, product) in &self.products {
            if let Some(first) = seen.insert(product.product_id.clone(), *line) {
                let problem = format!("product {} stands on line {first} already", product.product_id);
                faults.push(LineFault { line: *line, problem });
            }
        }
        self.faults.extend(faults);
        self.faults.sort_by_key(|fault| fault.line);
    }
}

/// Where each member stands in a record.
struct Columns {
    product_id: usize,
    name: Option<usize>,
    price: usize,
    currency: usize,
    stock: usize,
}

impl Columns {
    fn find(heading: &csv::StringRecord) -> Result<Self, Vec<String>> {
        const KNOWN: [&str; 5] = ["productId", "name", "price", "currency", "stock"];
        let place = |name: &str| {
            heading
                .iter()
                .position(|column| column.trim_start_matches('\u{feff}') == name)
        };
        let mut problems = Vec::new();
        let mut required = |name: &str| {
            place(name).unwrap_or_else(|| {
                problems.push(format!(
                    "the heading lacks {name}; it is productId,name,price,currency,stock"
                ));
                0
            })
        };
        let columns = Self {
            product_id: required("productId"),
            price: required("price"),
            currency: required("currency"),
            stock: required("stock"),
            name: place("name"),
        };
        for column in heading.iter().map(|column| column.trim_start_matches('\u{feff}')) {
            if !KNOWN.contains(&column) {
                problems.push(format!("the heading has the unknown column {column:?}"));
            }
        }
        if problems.is_empty() {
            Ok(columns)
        } else {
            Err(problems)
        }
    }

    fn product(&self, record: &csv::StringRecord) -> Result<Product, Vec<String>> {
        let mut problems = Vec::new();
        let text = |index: usize| record.get(index).unwrap_or_default();
        let product_id = keep(ProductId::new(text(self.product_id)), "productId", &mut problems);
        let price = parse(text(self.price), "price", &mut problems);
        let currency = parse(text(self.currency), "currency", &mut problems);
        let stock = parse(text(self.stock), "stock", &mut problems);
        match (product_id, price, currency, stock) {
            (Some(product_id), Some(price), Some(currency), Some(stock)) => {
                let name = self.name.map(text).unwrap_or_default().to_owned();
                Ok(Product {
                    product_id,
                    name,
                    price,
                    currency,
                    stock,
                })
            }
            _ => Err(problems),
        }
    }
}

fn parse<T: FromStr<Err: fmt::Display>>(text: &str, member: &str, problems: &mut Vec<String>) -> Option<T> {
    keep(
        text.parse::<T>().map_err(|error| format!("{text:?}: {error}")),
        member,
        problems,
    )
}

fn keep<T, E: fmt::Display>(result: Result<T, E>, member: &str, problems: &mut Vec<String>) -> Option<T> {
    result
        .map_err(|error| problems.push(format!("{member} {error}")))
        .ok()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, format: FileFormat, expected: &Expect) {
        let file = CatalogueFile::read(text.as_bytes(), format);
        let products = file
            .products
            .iter()
            .map(|(line, p)| format!("{line} {}", serde_json::to_string(p).unwrap()));
        let faults = file.faults.iter().map(ToString::to_string);
        expected.assert_eq(&products.chain(faults).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn csv_columns_may_stand_in_any_order() {
        let text =
            "\u{feff}price,productId,stock,currency,name\n29.99,P1,3,EUR,\"Mug, big\"\n\n1.0,P2,0,USD,\n";
        check(
            text,
            FileFormat::Csv,
            &expect![[r#"
                2 {"productId":"P1","name":"Mug, big","price":29.99,"currency":"EUR","stock":3}
                3 {"productId":"P2","name":"","price":1.0,"currency":"USD","stock":0}"#]],
        );
    }

    #[test]
    fn every_fault_of_every_csv_line_is_told() {
        let text =
            "productId,name,price,currency,stock\n,Mug,-1,eur,x\nP1,Mug,1,EUR,1\nP1,Mug,1,EUR,1\nP2,Mug,1\n";
        check(
            text,
            FileFormat::Csv,
            &expect![[r#"
            3 {"productId":"P1","name":"Mug","price":1,"currency":"EUR","stock":1}
            4 {"productId":"P1","name":"Mug","price":1,"currency":"EUR","stock":1}
            line 2: productId 1 to 128 characters, none of them a control character, no space at either end
            line 2: price "-1": an amount is not negative
            line 2: currency "eur": a currency is an active ISO 4217 code in capitals, such as USD or EUR
            line 2: stock "x": invalid digit found in string
            line 4: product P1 stands on line 3 already
            line 5: CSV error: record 4 (line: 5, byte: 80): found record with 3 fields, but the previous record has 5 fields"#]],
        );
    }

    #[test]
    fn a_wrong_heading_is_told_once() {
        check(
            "id,price,currency,stock\nP1,1,EUR,1\n",
            FileFormat::Csv,
            &expect![[r#"
            line 1: the heading lacks productId; it is productId,name,price,currency,stock
            line 1: the heading has the unknown column "id""#]],
        );
    }

    #[test]
    fn json_lines_are_read_exactly_and_faults_name_their_line() {
        let text = "{\"productId\":\"P1\",\"price\":29.990,\"currency\":\"EUR\",\"stock\":3}\n\nnonsense\n\
                    {\"productId\":\"P2\",\"price\":1e400,\"currency\":\"EUR\",\"stock\":3}\n{\"productId\":\"P3\"}\n";
        check(
            text,
            FileFormat::Jsonl,
            &expect![[r#"
                1 {"productId":"P1","name":"","price":29.990,"currency":"EUR","stock":3}
                line 3: expected ident, column 2
                line 4: an amount is a decimal number such as 59.98, column 31
                line 5: missing field `price`, column 18"#]],
        );
    }
}

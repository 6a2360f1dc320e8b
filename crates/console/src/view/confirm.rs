//! Asking before anything is changed: a page of its own, which the script shows in a dialog.

use axum::response::Response;
use maud::{Markup, html};

use super::{Section, page};
use crate::access::Visitor;

/// A question with the form that answers yes.
pub(crate) struct Confirm<'c> {
    pub section: Section,
    pub question: &'c str,
    /// What will happen.
    pub text: Markup,
    /// Where the form is sent.
    pub action: &'c str,
    /// What is sent along, besides the token and `confirmed`.
    pub fields: &'c [(&'c str, &'c str)],
    /// Something more to fill in.
    pub extra: Markup,
    pub button: &'c str,
    /// Whether it takes something away for good.
    pub is_dangerous: bool,
    /// Where "no" leads.
    pub back: &'c str,
}

impl Confirm<'_> {
    pub(crate) fn page(&self, visitor: &Visitor) -> Response {
        let content = html! {
            section.card.confirm data-confirm="" {
                h1 { (self.question) }
                (self.text)
                form method="post" action=(self.action) {
                    input type="hidden" name="token" value=(visitor.session.token);
                    input type="hidden" name="confirmed" value="yes";
                    @for (name, value) in self.fields {
                        // A text area keeps line breaks as they are, which a hidden input may not.
                        textarea name=(name) hidden readonly { "\n" (value) }
                    }
                    (self.extra)
                    div.buttons {
                        button.danger[self.is_dangerous].primary[!self.is_dangerous] type="submit" { (self.button) }
                        a.button data-close="" href=(self.back) { "No, go back" }
                    }
                }
            }
        };
        page(visitor, self.section, self.question, &content)
    }
}

//! The public page of an item: what a consumer may know about a code.
//!
//! It says what is recorded, what conflicts and what nobody can know from a code; it never says whether a thing is
//! genuine. The page loads nothing, runs nothing and sets no cookie.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use trade_model::item::{Life, ScanAnswer, Statement};
use trade_standards::{gs1::Gs1Uri, percent};

use crate::{
    answer::Answer,
    problem::{Problem, ProblemCode},
};

/// What the page's browser may do: show this page with its own style, and nothing else.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'sha256-STYLE'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.3rem}code{word-break:break-all}.conflict{border-left:.3rem solid #b45309;padding:.2rem .8rem;background:#fffbeb}\
li{margin:.3rem 0}small{color:#555}";

/// The code of a serialised trade item.
#[derive(Debug)]
pub(crate) struct Code(Gs1Uri);

impl Code {
    /// Reads the parts of the path.
    ///
    /// # Errors
    /// They do not have the form that GS1 prescribes, or the check digit is wrong.
    pub(crate) fn parse(gtin: &str, serial: &str) -> Result<Self, Problem> {
        let kind = ProblemCode::CodeMalformed;
        let uri = format!("https://id.gs1.org/01/{}/21/{}", percent::encode(gtin), percent::encode(serial));
        match Gs1Uri::parse(&uri) {
            Ok(Some(code)) if code.serial().is_some() => Ok(Self(code)),
            Ok(_) => Err(Problem::of(kind).with_detail("It names no serial number.")),
            // The broken rule is one of GS1's and has the code that it has everywhere.
            Err(error) => {
                Err(Problem::foreign(kind.status(), error.rule(), kind.title()).with_detail(error.to_string()))
            }
        }
    }

    /// The canonical Digital Link.
    #[must_use]
    pub(crate) fn digital_link(&self) -> &str {
        self.0.canonical()
    }
}

/// The answer about a code in HTML or JSON.
///
/// # Errors
/// The contract's answer does not have the expected form.
pub(crate) fn answer(code: &Code, scan: Vec<u8>, wants_html: bool) -> Result<Answer, Problem> {
    let parsed: ScanAnswer = serde_json::from_slice(&scan)
        .map_err(|_| Problem::of(ProblemCode::ContractFailure).with_detail("Its answer has another form."))?;
    let answer = if wants_html {
        let mut answer = Answer::json_bytes(200, page(code, &parsed).into_bytes());
        answer.media_type = "text/html; charset=utf-8";
        answer.with_header("Content-Security-Policy", content_security_policy())
    } else {
        Answer::json_bytes(200, scan)
    };
    Ok(answer.with_header("Vary", "Accept").with_header("Referrer-Policy", "no-referrer"))
}

fn content_security_policy() -> String {
    use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
    let digest = BASE64.encode(fabric_msp::hash::sha256(STYLE.as_bytes()));
    CONTENT_SECURITY_POLICY.replace("STYLE", &digest)
}

fn page(code: &Code, scan: &ScanAnswer) -> String {
    let headline = if scan.held.is_some() {
        "This thing is held by an authority"
    } else if scan.conflict_found {
        "Records about this code contradict one another"
    } else if scan.recorded {
        "This code is recorded"
    } else {
        "Nothing is recorded about this code"
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (headline) }
                // The policy names the digest of exactly this text.
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (headline) }
                p { "GTIN " code { (code.0.value()) } ", serial number " code { (code.0.serial().unwrap_or_default()) } }
                @if scan.conflict_found {
                    section class="conflict" { h2 { "Conflict found" } (list(&scan.conflicts)) }
                }
                @if !scan.reports.is_empty() {
                    section { h2 { "What others reported" } (list(&scan.reports)) }
                }
                @if let Some(life) = scan.life {
                    p { (life_sentence(life)) }
                }
                @if !scan.known.is_empty() {
                    section { h2 { "What is recorded" } (list(&scan.known)) }
                }
                @if !scan.not_known.is_empty() {
                    section { h2 { "What is not known" } (list(&scan.not_known)) }
                }
                p { small {
                    "A code can be copied. This page shows what companies recorded about it; it does not judge the thing in \
                     your hand."
                } }
            }
        }
    };
    page.into_string()
}

fn life_sentence(life: Life) -> &'static str {
    match life {
        Life::Active => "It is recorded as being in circulation.",
        Life::Sold => "It is recorded as sold to a consumer.",
        Life::Decommissioned => "This code is recorded as taken out of use.",
        Life::Destroyed => "The thing with this code is recorded as destroyed.",
    }
}

fn list(statements: &[Statement]) -> Markup {
    html! { ul { @for statement in statements { li { (statement.text) } } } }
}

#[cfg(test)]
mod tests {
    use trade_model::common::ItemId;

    use super::*;

    fn scan(text: &str) -> Vec<u8> {
        let statement = Statement { code: "c".to_owned(), text: text.to_owned(), reference: None };
        let scan = ScanAnswer {
            item_id: ItemId::parse("https://id.gs1.org/01/09506000134352/21/1").expect("a code"),
            recorded: true,
            origin: None,
            life: Some(Life::Active),
            commissioner_name: None,
            commissioned_on: None,
            held: None,
            conflict_found: true,
            conflicts: vec![statement.clone()],
            reports: vec![statement],
            known: Vec::new(),
            not_known: Vec::new(),
        };
        serde_json::to_vec(&scan).expect("a scan is JSON")
    }

    #[test]
    fn codes_are_checked_and_brought_to_one_form() -> Result<(), Problem> {
        let code = Code::parse("9506000134352", "A/1")?;
        assert_eq!(code.digital_link(), "https://id.gs1.org/01/09506000134352/21/A%2F1");
        for (gtin, serial) in
            [("9506000134353", "1"), ("95060001", "1"), ("x", "1"), ("9506000134352", ""), ("9506000134352", "<b>é")]
        {
            assert_eq!(Code::parse(gtin, serial).expect_err(gtin).status, 422, "{gtin} {serial}");
        }
        Ok(())
    }

    #[test]
    fn the_page_escapes_what_it_shows_and_passes_no_verdict() -> Result<(), Problem> {
        let code = Code::parse("9506000134352", "1")?;
        let answer = answer(&code, scan("<script>alert(1)</script>"), true)?;
        let page = String::from_utf8_lossy(&answer.body).to_lowercase();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
        assert!(page.contains("conflict found") && !page.contains("fake") && !page.contains("genuine"), "{page}");
        let policy = answer.headers.iter().find(|(name, _)| *name == "Content-Security-Policy").expect("a policy");
        assert!(
            policy.1.contains("default-src 'none'") && policy.1.contains("'sha256-") && !policy.1.contains("STYLE")
        );
        Ok(())
    }

    #[test]
    fn a_foreign_answer_is_not_shown() -> Result<(), Problem> {
        let code = Code::parse("9506000134352", "1")?;
        assert_eq!(answer(&code, b"[]".to_vec(), true).expect_err("no scan").status, 502);
        Ok(())
    }
}

//! Answers of the chaincode as they come back through a gateway, and requests that lead nowhere.

use fabric_protos::gateway::{EndorseRequest, EvaluateRequest};

use super::tools::*;
use crate::ask::Refusal;

/// Statuses that are no success.
const REFUSALS: [i32; 9] = [0, 100, 199, 400, 404, 499, 500, 503, 600];

pub async fn c001_an_evaluate_gives_the_answer_of_the_chaincode(net: N) -> Result<()> {
    let response = net.conf(&[echo("hi")]).evaluate().await?;
    same((response.status, response.payload.as_slice()), (200, br#"["hi"]"#.as_slice()))
}

pub async fn c002_statuses_from_200_to_399_come_back_with_message_and_payload(net: N) -> Result<()> {
    for status in [200, 201, 300, 399] {
        let response = net.conf(&[answer(status, "said", "given")]).evaluate().await?;
        same(
            (response.status, response.message.as_str(), text(&response.payload).as_str()),
            (status, "said", "given"),
        )?;
    }
    Ok(())
}

pub async fn c003_another_status_fails_the_evaluate_with_one_detail_of_the_own_organization(net: N) -> Result<()> {
    for status in REFUSALS {
        let refusal = net.conf(&[answer(status, "said", "given")]).evaluate().await;
        let beginning = format!("evaluate call to endorser returned error: chaincode response {status}, said");
        let refusal = refusal.refused(Code::Unknown, &beginning)?;
        let organizations: Vec<&str> = refusal.details.iter().map(|detail| detail.msp_id.as_str()).collect();
        same(organizations, vec!["Org1MSP"])?;
    }
    Ok(())
}

pub async fn c004_another_status_fails_the_endorsement(net: N) -> Result<()> {
    for status in REFUSALS {
        let refusal = net.conf(&[answer(status, "said", "given")]).endorse().await;
        refusal
            .refused(Code::Aborted, "failed to endorse transaction, see attached details for more info")?
            .detailing(&format!("chaincode response {status}, said"))?;
    }
    Ok(())
}

pub async fn c005_an_empty_evaluate_request_is_an_invalid_argument(net: N) -> Result<()> {
    let answer = net.gateway(1).evaluate(EvaluateRequest::default()).await.map_err(Refusal::from);
    let beginning = "failed to unpack transaction proposal: a signed proposal is required";
    answer.refused(Code::InvalidArgument, beginning).map(drop)
}

pub async fn c006_an_empty_endorse_request_is_an_invalid_argument(net: N) -> Result<()> {
    let answer = net.gateway(1).endorse(EndorseRequest::default()).await.map_err(Refusal::from);
    answer.refused(Code::InvalidArgument, "the proposed transaction must contain a signed proposal").map(drop)
}

pub async fn c007_evaluating_on_an_unknown_channel_is_unavailable(net: N) -> Result<()> {
    let answer = net.conf(&[echo("")]).channel("nochan").evaluate().await;
    answer.refused(Code::Unavailable, "")?.saying("failed to get config for channel [nochan]").map(drop)
}

pub async fn c008_endorsing_on_an_unknown_channel_fails_a_precondition(net: N) -> Result<()> {
    net.conf(&[echo("")]).channel("nochan").endorse().await.refused(Code::FailedPrecondition, "").map(drop)
}

pub async fn c009_submitting_on_an_unknown_channel_fails_a_precondition(net: N) -> Result<()> {
    let mut endorsed = net.conf(&[echo("")]).endorse().await?;
    endorsed.channel = "nochan".into();
    endorsed.send().await.refused(Code::FailedPrecondition, "").map(drop)
}

pub async fn c010_evaluating_an_unknown_chaincode_finds_no_peers(net: N) -> Result<()> {
    let answer = net.on("nocc", &[echo("")]).evaluate().await;
    let beginning = "no peers available to evaluate chaincode nocc in channel conf";
    answer.refused(Code::FailedPrecondition, beginning).map(drop)
}

pub async fn c011_endorsing_an_unknown_chaincode_finds_no_plan(net: N) -> Result<()> {
    let answer = net.on("nocc", &[echo("")]).endorse().await;
    let beginning = "no combination of peers can be derived which satisfy the endorsement policy";
    answer.refused(Code::FailedPrecondition, beginning).map(drop)
}

pub async fn c012_evaluating_at_an_unknown_organization_finds_no_peers(net: N) -> Result<()> {
    let answer = net.conf(&[echo("")]).naming(&["Org9MSP"]).evaluate().await;
    answer.refused(Code::FailedPrecondition, "no peers available").map(drop)
}

pub async fn c013_endorsing_by_an_unknown_organization_is_unavailable(net: N) -> Result<()> {
    let answer = net.conf(&[echo("")]).naming(&["Org9MSP"]).endorse().await;
    answer.refused(Code::Unavailable, "failed to find any endorsing peers for org(s): Org9MSP").map(drop)
}

pub async fn c030_an_endorser_gives_no_endorsement_for_a_refusal_and_no_payload_below_500(net: N) -> Result<()> {
    let not_found = net.conf(&[answer(404, "no", "given")]).signed()?.process(1).await?;
    same(not_found.response.map(|response| response.status), Some(404))?;
    ensure!(not_found.payload.is_empty() && not_found.endorsement.is_none(), "404 has a payload or an endorsement");
    let failed = net.conf(&[answer(500, "no", "given")]).signed()?.process(1).await?;
    same(failed.response.map(|response| response.status), Some(500))?;
    ensure!(!failed.payload.is_empty() && failed.endorsement.is_none(), "500 has no payload, or an endorsement");
    Ok(())
}

pub async fn c032_a_stopped_chaincode_fails_at_once_and_serves_again_without_an_administrator(net: N) -> Result<()> {
    let server = &net.chaincode("down")?.server;
    net.on("down", &[echo("")]).evaluate().await?;
    server.stop();
    eventually("calls fail", async || match net.on("down", &[echo("")]).evaluate().await {
        Ok(_) => bail!("it still answers"),
        Err(refusal) => refusal.saying("could not launch chaincode"),
    })
    .await?;
    server.start_again().await?;
    eventually("calls succeed", async || net.on("down", &[echo("")]).evaluate().await).await.map(drop)
}

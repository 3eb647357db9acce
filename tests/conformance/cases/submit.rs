//! Submitting, and learning what became of a transaction.

use fabric_protos::gateway::{SignedCommitStatusRequest, SubmitRequest};

use super::tools::*;
use crate::{
    ask::{Refusal, commit_status},
    deliver,
};

fn to_put(net: N) -> Ask {
    net.conf(&[put(&net.name("submit"), "v")])
}

/// Fails unless the orderer refused with this status and a text.
fn refused_by_orderer(net: N, answer: Result<(), Refusal>, status: &str, saying: &str) -> Result<()> {
    let said = format!("received unsuccessful response from orderer: status={status}");
    let refusal = if net.is_bft() {
        let beginning = "insufficient number of orderers could successfully process transaction";
        answer.refused(Code::Unavailable, beginning)?.detailing(&said)?
    } else {
        answer.refused(Code::Aborted, &said)?
    };
    refusal.saying(saying).map(drop)
}

/// Sends a transaction that the orderer has seen before. Orderers that agree by BFT remember what they were asked; all
/// others take it again.
async fn send_again(endorsed: &Endorsed) -> Result<()> {
    match endorsed.send().await {
        Err(refusal) if endorsed.net.is_bft() => {
            ensure!(refusal.code == Code::Unavailable, "{refusal}");
            refusal.saying("request already").map(drop)
        }
        answer => Ok(answer?),
    }
}

pub async fn c047_an_empty_submit_request_is_an_invalid_argument(net: N) -> Result<()> {
    let answer = net.gateway(1).submit(SubmitRequest::default()).await.map_err(Refusal::from);
    answer.refused(Code::InvalidArgument, "a prepared transaction is required").map(drop)
}

pub async fn c048_an_unsigned_transaction_is_an_invalid_argument(net: N) -> Result<()> {
    let answer = to_put(net).endorse().await?.send_as_it_is().await;
    answer.refused(Code::InvalidArgument, "prepared transaction must be signed").map(drop)
}

pub async fn c049_a_transaction_signed_by_another_is_forbidden(net: N) -> Result<()> {
    let mut endorsed = to_put(net).endorse().await?;
    endorsed.who = net.u(2);
    refused_by_orderer(net, endorsed.send().await, "FORBIDDEN", "permission denied")
}

pub async fn c050_a_signature_that_is_none_is_forbidden(net: N) -> Result<()> {
    let mut endorsed = to_put(net).endorse().await?;
    endorsed.envelope.signature = b"no signature".to_vec();
    refused_by_orderer(net, endorsed.send_as_it_is().await, "FORBIDDEN", "permission denied")
}

pub async fn c051_a_transaction_above_the_absolute_maximum_is_refused(net: N) -> Result<()> {
    let large = "x".repeat(600_000);
    let answer = net.conf(&[put(&net.name("large"), &large)]).endorse().await?.send().await;
    refused_by_orderer(net, answer, "BAD_REQUEST", "exceeds maximum allowed 1048576 bytes")
}

pub async fn c052_a_transaction_submitted_again_keeps_its_first_verdict(net: N) -> Result<()> {
    for _ in 0..10 {
        let endorsed = to_put(net).endorse().await?.signed()?;
        endorsed.send().await?;
        send_again(&endorsed).await?;
        let first = endorsed.status().await?;
        first.valid()?;
        send_again(&endorsed).await?;
        // The block of another transaction proves that the third sending is behind.
        to_put(net).done().await?;
        let again = endorsed.status().await?;
        same((again.code, again.block), (Valid, first.block))?;
        let stream = deliver::Seek::new(net, deliver::number(first.block), deliver::number(first.block));
        let codes = codes_of(&stream, &endorsed.txid).await?;
        if net.is_bft() {
            return same(codes, vec![Valid]);
        }
        if codes.len() == 2 {
            return same(codes, vec![Valid, DuplicateTxid]);
        }
    }
    bail!("the twins did not come into one block")
}

/// The verdicts about every occurrence of a transaction in a block.
async fn codes_of(stream: &deliver::Seek, txid: &str) -> Result<Vec<TxValidationCode>> {
    use fabric_protos::protos::deliver_response::Type;
    let (found, _) = stream.ask(deliver::Kind::Filtered).await?;
    let Some(Type::FilteredBlock(block)) = found.into_iter().next() else { bail!("no filtered block") };
    let twins = block.filtered_transactions.iter().filter(|one| one.txid == txid);
    Ok(twins.map(|one| one.tx_validation_code()).collect())
}

pub async fn c053_an_invalid_transaction_stays_invalid_and_its_id_is_used_up(net: N) -> Result<()> {
    let key = net.name("burnt");
    let signed = net.conf(&[get(&key), put(&key, "late")]).signed()?;
    let endorsed = signed.endorse().await?.signed()?;
    net.conf(&[put(&key, "early")]).done().await?;
    let first = endorsed.ends(MvccReadConflict).await?;
    send_again(&endorsed).await?;
    to_put(net).done().await?;
    let again = endorsed.status().await?;
    same((again.code, again.block), (MvccReadConflict, first.block))?;
    let answer = signed.endorse().await.refused(Code::Aborted, "")?;
    answer.detailing("duplicate transaction found").map(drop)
}

pub async fn c054_the_status_of_an_unknown_transaction_is_waited_for(net: N) -> Result<()> {
    waited_for(net, &"0".repeat(64)).await
}

async fn waited_for(net: N, txid: &str) -> Result<()> {
    let Err(refusal) = commit_status(net, 1, &net.u(1), "conf", txid, 1).await else { bail!("there is a status") };
    // Peer and client hold the same deadline, and either may be the one that ends the call.
    ensure!([Code::DeadlineExceeded, Code::Cancelled].contains(&refusal.code), "{refusal}");
    Ok(())
}

pub async fn c055_the_status_of_no_transaction_is_an_invalid_argument(net: N) -> Result<()> {
    if net.is_fabric_2() {
        // Which waits for a transaction without a name.
        return waited_for(net, "").await;
    }
    let answer = commit_status(net, 1, &net.u(1), "conf", "", 5).await;
    answer.refused(Code::InvalidArgument, "transaction ID should not be empty").map(drop)
}

pub async fn c056_an_empty_status_request_is_an_invalid_argument(net: N) -> Result<()> {
    let answer = net.gateway(1).commit_status(SignedCommitStatusRequest::default()).await.map_err(Refusal::from);
    answer.refused(Code::InvalidArgument, "a commit status request is required").map(drop)
}

pub async fn c057_the_status_on_an_unknown_channel_is_denied(net: N) -> Result<()> {
    let answer = commit_status(net, 1, &net.u(1), "nochan", "any", 5).await.refused(Code::PermissionDenied, "")?;
    answer.saying("Failed to get policy manager for channel [nochan]").map(drop)
}

pub async fn c058_any_reader_may_ask_for_a_status(net: N) -> Result<()> {
    let outcome = to_put(net).done().await?;
    for who in [net.u(3), net.peer(1)] {
        let (code, block) = commit_status(net, 1, &who, "conf", &outcome.txid, 20).await?;
        same((code, block), (Valid, outcome.block))?;
    }
    Ok(())
}

pub async fn c059_the_orderers_administrator_is_no_reader(net: N) -> Result<()> {
    let answer = commit_status(net, 1, &net.orderer_admin(), "conf", "any", 5).await;
    answer.refused(Code::PermissionDenied, "")?.saying("/Channel/Application/Readers").map(drop)
}

pub async fn c060_an_expired_certificate_may_ask_for_a_status(net: N) -> Result<()> {
    let outcome = to_put(net).done().await?;
    commit_status(net, 1, &net.user(1, "expired"), "conf", &outcome.txid, 20).await?;
    Ok(())
}

pub async fn c061_a_committed_value_is_read_at_once_here_and_soon_elsewhere(net: N) -> Result<()> {
    let key = net.name("visible");
    net.conf(&[put(&key, "new")]).done().await?;
    same(net.conf(&[get(&key)]).first().await?, json!("new"))?;
    eventually("the value at the second peer", async || {
        same(net.conf(&[get(&key)]).by(&net.u(2)).at(2).first().await?, json!("new"))
    })
    .await
}

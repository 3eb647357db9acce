//! What is checked of a proposal before a chaincode sees it.

use std::sync::Arc;

use fabric_msp::signer::SigningIdentity;
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::EcGroup,
    ecdsa::EcdsaSig,
    nid::Nid,
};

use super::tools::*;
use crate::{
    ask::{Signed, commit_status},
    network::Site,
};

const DENIED: &str = "access denied: channel [conf] creator org [Org1MSP]";
const MALFORMED: &str = "creator org unknown, creator is malformed";

fn echoed(net: N) -> Ask {
    net.conf(&[echo("")])
}

fn with_a_flipped_bit(net: N) -> Result<Signed> {
    let mut signed = echoed(net).signed()?;
    *signed.proposal.signature.last_mut().context("no signature")? ^= 1;
    Ok(signed)
}

/// The same signature with the other root, which other curves' users accept.
fn with_high_s(signature: &[u8]) -> Result<Vec<u8>> {
    let low = EcdsaSig::from_der(signature)?;
    let mut order = BigNum::new()?;
    EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?.order(&mut order, &mut *BigNumContext::new()?)?;
    let s = &order - low.s();
    Ok(EcdsaSig::from_private_components(low.r().to_owned()?, s)?.to_der()?)
}

pub async fn c014_an_evaluate_with_a_wrong_signature_is_denied(net: N) -> Result<()> {
    with_a_flipped_bit(net)?.evaluate().await.refused(Code::FailedPrecondition, "")?.saying(DENIED).map(drop)
}

pub async fn c015_an_endorse_with_a_wrong_signature_is_denied(net: N) -> Result<()> {
    with_a_flipped_bit(net)?.endorse().await.refused(Code::Aborted, "")?.detailing(DENIED).map(drop)
}

pub async fn c016_a_signature_with_high_s_is_denied(net: N) -> Result<()> {
    let mut signed = echoed(net).signed()?;
    signed.proposal.signature = with_high_s(&signed.proposal.signature)?;
    signed.evaluate().await.refused(Code::FailedPrecondition, "")?.saying(DENIED).map(drop)
}

pub async fn c017_a_user_may_evaluate_at_another_organizations_gateway(net: N) -> Result<()> {
    echoed(net).by(&net.u(2)).at(1).evaluate().await?;
    Ok(())
}

pub async fn c018_a_peers_identity_is_no_writer(net: N) -> Result<()> {
    let answer = echoed(net).by(&net.peer(1)).evaluate().await;
    answer.refused(Code::FailedPrecondition, "")?.saying("/Channel/Application/Writers").map(drop)
}

pub async fn c019_a_certificate_under_another_organizations_name_is_malformed(net: N) -> Result<()> {
    let folder = net.network().site().layout.user(&Site::domain(1), "User1").join("msp");
    let who: Who = Arc::new(SigningIdentity::from_msp_directory("Org2MSP", &folder)?);
    echoed(net).by(&who).evaluate().await.refused(Code::FailedPrecondition, "")?.saying(MALFORMED).map(drop)
}

pub async fn c020_a_certificate_of_a_foreign_authority_is_malformed(net: N) -> Result<()> {
    let answer = echoed(net).by(&net.foreign_user()).evaluate().await;
    answer.refused(Code::FailedPrecondition, "")?.saying(MALFORMED).map(drop)
}

/// Fabric 2 lets its gateway ask its own peer past the checks of expiry and time, and only checks what comes from
/// outside.
async fn only_refused_from_outside(net: N, saying: &str) -> Result<()> {
    let ask = echoed(net).by(&net.user(1, "expired"));
    ask.clone().evaluate().await?;
    ask.clone().endorse().await?;
    ask.signed()?.process(1).await.refused(Code::Unknown, "")?.saying(saying).map(drop)
}

pub async fn c021_an_expired_certificate_cannot_evaluate(net: N) -> Result<()> {
    if net.is_fabric_2() {
        return only_refused_from_outside(net, "proposal client identity expired").await;
    }
    let answer = echoed(net).by(&net.user(1, "expired")).evaluate().await;
    answer.refused(Code::Unavailable, "")?.detailing("proposal client identity expired").map(drop)
}

pub async fn c022_an_expired_certificate_cannot_endorse(net: N) -> Result<()> {
    if net.is_fabric_2() {
        return only_refused_from_outside(net, "proposal client identity expired").await;
    }
    let answer = echoed(net).by(&net.user(1, "expired")).endorse().await;
    answer.refused(Code::Aborted, "")?.detailing("proposal client identity expired").map(drop)
}

pub async fn c023_a_certificate_that_begins_tomorrow_is_accepted(net: N) -> Result<()> {
    let tomorrow = net.user(1, "tomorrow");
    echoed(net).by(&tomorrow).evaluate().await?;
    echoed(net).by(&tomorrow).endorse().await?;
    Ok(())
}

pub async fn c024_a_certificate_without_a_role_is_denied(net: N) -> Result<()> {
    let answer = echoed(net).by(&net.user(1, "norole")).evaluate().await;
    answer.refused(Code::FailedPrecondition, "")?.saying("creator org [Org1MSP]").map(drop)
}

pub async fn c025_a_certificate_with_two_roles_is_denied(net: N) -> Result<()> {
    let answer = echoed(net).by(&net.user(1, "tworoles")).evaluate().await;
    answer.refused(Code::FailedPrecondition, "")?.saying("creator org [Org1MSP]").map(drop)
}

pub async fn c026_a_revoked_certificate_is_denied(net: N) -> Result<()> {
    let revoked = net.user(1, "revoked");
    let answer = echoed(net).by(&revoked).evaluate().await;
    answer.refused(Code::FailedPrecondition, "")?.saying("creator org [Org1MSP]")?;
    commit_status(net, 1, &revoked, "conf", "any", 5).await.refused(Code::PermissionDenied, "").map(drop)
}

pub async fn c027_a_transaction_id_that_does_not_follow_from_nonce_and_creator_is_refused(net: N) -> Result<()> {
    let signed = echoed(net).changed(|header| header.tx_id = "0".repeat(64)).signed()?;
    let answer = signed.process(1).await;
    answer.refused(Code::Unknown, "")?.saying("incorrectly computed txid").map(drop)
}

pub async fn c028_a_committed_transaction_cannot_be_evaluated_again(net: N) -> Result<()> {
    let signed = echoed(net).signed()?;
    signed.endorse().await?.ends(Valid).await?;
    let duplicate = format!("duplicate transaction found [{}]", signed.txid);
    signed.evaluate().await.refused(Code::FailedPrecondition, "")?.saying(&duplicate).map(drop)
}

pub async fn c029_a_committed_transaction_cannot_be_endorsed_again(net: N) -> Result<()> {
    let signed = echoed(net).signed()?;
    signed.endorse().await?.ends(Valid).await?;
    let duplicate = format!("duplicate transaction found [{}]", signed.txid);
    signed.endorse().await.refused(Code::Aborted, "")?.detailing(&duplicate).map(drop)
}

pub async fn c031_an_endorser_answers_a_wrong_signature_with_an_error_and_no_response(net: N) -> Result<()> {
    with_a_flipped_bit(net)?.process(2).await.refused(Code::Unknown, "").map(drop)
}

pub async fn c151_a_timestamp_that_is_off_or_missing_is_refused(net: N) -> Result<()> {
    for shift in [Some(20 * 60), Some(-20 * 60), None] {
        let ask = echoed(net).changed(move |header| match (shift, header.timestamp.as_mut()) {
            (Some(shift), Some(timestamp)) => timestamp.seconds += shift,
            _ => header.timestamp = None,
        });
        if net.is_fabric_2() {
            // The check came with Fabric 3.
            ask.evaluate().await?;
            continue;
        }
        let answer = ask.evaluate().await.refused(Code::Unavailable, "")?;
        answer.saying("request unauthorized due to incorrect timestamp")?;
    }
    Ok(())
}

pub async fn c152_an_epoch_and_another_header_type_are_refused(net: N) -> Result<()> {
    let epoch = echoed(net).changed(|header| header.epoch = 1).evaluate().await;
    epoch.refused(Code::FailedPrecondition, "")?.saying("epoch is non-zero")?;
    let kind = echoed(net).changed(|header| header.r#type = 0).evaluate().await;
    kind.refused(Code::FailedPrecondition, "")?.saying("invalid header type").map(drop)
}

//! What a peer finds wrong with a transaction in a block.

use super::tools::*;
use crate::ask::Parts;

/// A transaction on a chaincode that is changed after endorsement and then gets a verdict.
async fn changed(net: N, chaincode: &str, bend: impl FnOnce(&mut Parts), verdict: TxValidationCode) -> Result<()> {
    let endorsed = net.on(chaincode, &[put(&net.name("changed"), "v")]).endorse().await?;
    endorsed.changed(bend)?.ends(verdict).await.map(drop)
}

pub async fn c088_without_endorsements_the_policy_fails(net: N) -> Result<()> {
    changed(net, "conf", |parts| parts.set_endorsements(Vec::new()), EndorsementPolicyFailure).await
}

pub async fn c089_with_a_corrupted_endorsement_the_policy_fails(net: N) -> Result<()> {
    let corrupt = |parts: &mut Parts| {
        let mut endorsements = parts.endorsements().unwrap_or_default();
        endorsements.iter_mut().filter_map(|one| one.signature.last_mut()).for_each(|byte| *byte ^= 1);
        parts.set_endorsements(endorsements);
    };
    changed(net, "conf", corrupt, EndorsementPolicyFailure).await
}

pub async fn c090_with_changed_results_the_policy_fails(net: N) -> Result<()> {
    let endorsed = net.conf(&[put(&net.name("changed"), "v")]).endorse().await?;
    let other = net.conf(&[put(&net.name("changed"), "other")]).endorse().await?.action()?.results;
    let mut action = endorsed.action()?;
    action.results = other;
    let mut changed = Ok(());
    let endorsed = endorsed.changed(|parts| changed = parts.set_action(&action))?;
    changed?;
    endorsed.ends(EndorsementPolicyFailure).await.map(drop)
}

pub async fn c091_with_changed_arguments_the_transaction_is_invalid(net: N) -> Result<()> {
    let other = net.conf(&[put(&net.name("changed"), "other")]).endorse().await?.parts()?;
    let other = other.payload.chaincode_proposal_payload;
    let change = |parts: &mut Parts| parts.payload.chaincode_proposal_payload = other;
    changed(net, "conf", change, InvalidEndorserTransaction).await
}

pub async fn c092_with_two_actions_the_transaction_is_invalid(net: N) -> Result<()> {
    changed(net, "conf", |parts| parts.actions = 2, InvalidEndorserTransaction).await
}

pub async fn c093_with_an_epoch_or_as_a_message_the_header_is_bad(net: N) -> Result<()> {
    changed(net, "conf", |parts| parts.channel_header.epoch = 1, BadCommonHeader).await?;
    changed(net, "conf", |parts| parts.channel_header.r#type = 0, BadCommonHeader).await
}

pub async fn c094_with_a_transaction_id_that_does_not_follow_the_transaction_is_bad(net: N) -> Result<()> {
    let id = fabric_msp::hash::sha256(net.name("another id").as_bytes());
    changed(net, "conf", |parts| parts.channel_header.tx_id = hex::encode(id), BadProposalTxid).await
}

pub async fn c095_the_same_endorsement_twice_counts_once(net: N) -> Result<()> {
    let twice = |parts: &mut Parts| {
        let first = parts.endorsements().unwrap_or_default().into_iter().next();
        parts.set_endorsements(first.into_iter().flat_map(|one| [one.clone(), one]).collect());
    };
    changed(net, "maj", twice, EndorsementPolicyFailure).await
}

pub async fn c096_a_client_can_endorse_for_itself_where_the_policy_says_member(net: N) -> Result<()> {
    let client = net.u(1);
    for (chaincode, verdict) in [("mem", Valid), ("conf", EndorsementPolicyFailure)] {
        let own = |parts: &mut Parts| {
            let mut signed = parts.payload.action.clone().unwrap_or_default().proposal_response_payload;
            signed.extend(client.creator());
            let signature = client.sign(&signed).unwrap_or_default();
            parts.set_endorsements(vec![fabric_protos::protos::Endorsement {
                endorser: client.creator().to_vec(),
                signature,
            }]);
        };
        changed(net, chaincode, own, verdict).await?;
    }
    Ok(())
}

pub async fn c097_a_satisfied_arm_of_a_policy_uses_up_its_signatures(net: N) -> Result<()> {
    for (chaincode, verdict) in [("grx", EndorsementPolicyFailure), ("grd", Valid)] {
        let ask = net.on(chaincode, &[put(&net.name("greedy"), "v")]);
        let planned = ask.clone().endorse().await?;
        if verdict == EndorsementPolicyFailure {
            planned.clone().endorsed_by(&[1, 2])?;
        }
        planned.ends(verdict).await?;
        ask.naming(&["Org1MSP", "Org2MSP"]).endorse().await?.endorsed_by(&[1, 2])?.ends(verdict).await?;
    }
    Ok(())
}

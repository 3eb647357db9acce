//! Unknown outcomes: the identical envelope is sent again, nothing else is, and what stays unknown is called so.

use fabric_client::{Advice, ClientError, Step};
use tonic::{Code, Status};

use crate::{
    Outcome,
    fake::{Answer, BLOCK, Peer, status, tell},
};

#[tokio::test]
async fn after_a_lost_answer_the_identical_envelope_is_sent_again() -> Outcome {
    for lost in
        [Answer::Hang, Answer::Fail(Status::unavailable("gone")), Answer::Fail(Status::unknown("transport error"))]
    {
        let peer = Peer::start().await?;
        tell(&peer.told.submit, [lost]);
        tell(&peer.told.commit_status, [Answer::Hang]);
        let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture");
        assert_eq!(call.submit().await?.block_number, BLOCK);
        let submitted = peer.seen().submitted;
        assert_eq!(submitted.len(), 2);
        assert_eq!(submitted[0], submitted[1]);
    }
    Ok(())
}

#[tokio::test]
async fn an_envelope_that_was_taken_but_does_not_appear_is_sent_again() -> Outcome {
    let peer = Peer::start().await?;
    tell(&peer.told.commit_status, [Answer::Hang, Answer::Fail(Status::unavailable("restarting"))]);
    peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").submit().await?;
    let submitted = peer.seen().submitted;
    assert_eq!(submitted.len(), 3);
    assert!(submitted.iter().all(|request| *request == submitted[0]), "another envelope was sent");
    Ok(())
}

#[tokio::test]
async fn an_envelope_whose_answer_was_lost_is_not_sent_again_once_it_is_committed() -> Outcome {
    let peer = Peer::start().await?;
    tell(&peer.told.submit, [Answer::Hang]);
    peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").submit().await?;
    assert_eq!(peer.seen().submitted.len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_the_orderer_refuses_is_not_sent_again() -> Outcome {
    let peer = Peer::start().await?;
    let refusal = Status::aborted("received unsuccessful response from orderer: status=FORBIDDEN, info=no");
    tell(&peer.told.submit, [Answer::Fail(refusal)]);
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture");
    let error = call.submit().await.expect_err("it was refused");
    assert_eq!((error.step(), error.code(), error.advice()), (Some(Step::Submit), Some(Code::Aborted), Advice::Never));
    assert_eq!((peer.seen().submitted.len(), peer.seen().asked.len()), (1, 0));
    Ok(())
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_says_nothing_about_the_first_sending() -> Outcome {
    let peer = Peer::start().await?;
    tell(&peer.told.submit, [Answer::Hang, Answer::Fail(Status::aborted("certificate expired meanwhile"))]);
    tell(&peer.told.commit_status, [Answer::Hang]);
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture");
    assert_eq!(call.submit().await?.block_number, BLOCK);
    Ok(())
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_is_called_so() -> Outcome {
    let peer = Peer::start().await?;
    tell(&peer.told.commit_status, [Answer::Hang, Answer::Hang, Answer::Hang]);
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture");
    let error = call.submit().await.expect_err("nobody knows");
    let submitted = peer.seen().submitted;
    let ClientError::Indeterminate { transaction_id, attempts, .. } = &error else { return Err(error.into()) };
    assert_eq!((transaction_id, *attempts, submitted.len()), (&submitted[0].transaction_id, 3, 3));
    assert!(submitted.iter().all(|request| *request == submitted[0]), "another envelope was sent");
    assert_eq!(error.advice(), Advice::SameEnvelope);
    Ok(())
}

#[tokio::test]
async fn a_peer_at_its_limit_is_asked_again_and_not_waited_for() -> Outcome {
    let limit =
        || Answer::Fail(Status::unknown("too many requests for /gateway.Gateway, exceeding concurrency limit (500)"));
    let peer = Peer::start().await?;
    tell(&peer.told.submit, [limit(), limit()]);
    let gateway = peer.gateway()?;
    gateway.contract("trade", "entrepot").transaction("item:Capture").submit().await?;
    assert_eq!((peer.seen().submitted.len(), peer.seen().asked.len()), (3, 1));

    tell(&peer.told.submit, [limit(), limit(), limit()]);
    let error = gateway.contract("trade", "entrepot").transaction("item:Capture").submit().await;
    let error = error.expect_err("the peer stays at its limit");
    assert!(matches!(error, ClientError::Submit(_)), "nothing reached the orderer: {error:?}");
    assert_eq!(error.advice(), Advice::BackOff);
    Ok(())
}

#[tokio::test]
async fn what_a_bft_channel_has_ordered_already_is_waited_for_and_not_sent_again() -> Outcome {
    let peer = Peer::start().await?;
    let said = "received unsuccessful response from orderer: status=SERVICE_UNAVAILABLE, \
                info=failed to submit request: request already processed";
    tell(
        &peer.told.submit,
        [Answer::Hang, Answer::Fail(status(Code::Unavailable, "insufficient number of orderers", &[said, said]))],
    );
    tell(&peer.told.commit_status, [Answer::Hang]);
    peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").submit().await?;
    let seen = peer.seen();
    assert_eq!((seen.submitted.len(), seen.asked.len()), (2, 2));
    Ok(())
}

#[tokio::test]
async fn what_orderers_of_a_bft_channel_refuse_is_not_sent_again() -> Outcome {
    let peer = Peer::start().await?;
    let said = "received unsuccessful response from orderer: status=FORBIDDEN, info=no";
    tell(
        &peer.told.submit,
        [Answer::Fail(status(Code::Unavailable, "insufficient number of orderers", &[said, said]))],
    );
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture");
    let error = call.submit().await.expect_err("it was refused");
    assert_eq!((error.step(), error.advice()), (Some(Step::Submit), Advice::Never));
    assert_eq!((peer.seen().submitted.len(), peer.seen().asked.len()), (1, 0));
    Ok(())
}

#[tokio::test]
async fn of_two_verdicts_on_one_transaction_id_the_first_counts() -> Outcome {
    let peer = Peer::start().await?;
    let duplicate = 9;
    tell(&peer.told.commit_status, [Answer::Give(duplicate), Answer::Give(0)]);
    peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture").submit().await?;
    assert_eq!(peer.seen().asked.len(), 2);
    Ok(())
}

#[tokio::test]
async fn who_may_not_ask_for_the_status_is_told_so() -> Outcome {
    let peer = Peer::start().await?;
    tell(&peer.told.commit_status, [Answer::Fail(Status::permission_denied("not a reader"))]);
    let call = peer.gateway()?.contract("trade", "entrepot").transaction("item:Capture");
    let error = call.submit().await.expect_err("the status is denied");
    assert_eq!((error.step(), error.code()), (Some(Step::CommitStatus), Some(Code::PermissionDenied)));
    assert_eq!(error.transaction_id(), Some(peer.seen().submitted[0].transaction_id.as_str()));
    Ok(())
}

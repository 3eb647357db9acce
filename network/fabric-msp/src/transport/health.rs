//! gRPC's own health service (`grpc.health.v1`): whether a server takes requests.
//!
//! The services of one server begin and stop together, and what has stopped does not begin again. A `Watch` therefore
//! ends with the first answer that is not SERVING, and holds up no stop.

use std::sync::Arc;

use fabric_protos::grpc::health::v1::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_server::{Health, HealthServer},
};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

/// Calls of `Watch` that may be open at one time.
const WATCHES_MAX: usize = 64;
/// The largest request, in bytes: it holds the name of a service.
const REQUEST_BYTES_MAX: usize = 1024;

/// Tells how a server is; see [`health`].
pub struct HealthService<T> {
    services: &'static [&'static str],
    state: watch::Receiver<T>,
    serves: fn(&T) -> bool,
    places: Arc<Semaphore>,
}

/// The health of a server that offers these services, besides the one without a name, which stands for all of them.
/// They serve while `serves` says so of the server's state.
pub fn health<T: Send + Sync + 'static>(
    services: &'static [&'static str],
    state: watch::Receiver<T>,
    serves: fn(&T) -> bool,
) -> HealthServer<HealthService<T>> {
    let places = Arc::new(Semaphore::new(WATCHES_MAX));
    HealthServer::new(HealthService { services, state, serves, places }).max_decoding_message_size(REQUEST_BYTES_MAX)
}

impl<T> HealthService<T> {
    fn knows(&self, service: &str) -> bool {
        service.is_empty() || self.services.contains(&service)
    }

    fn status(&self) -> ServingStatus {
        if (self.serves)(&self.state.borrow()) { ServingStatus::Serving } else { ServingStatus::NotServing }
    }
}

#[tonic::async_trait]
impl<T: Send + Sync + 'static> Health for HealthService<T> {
    type WatchStream = ReceiverStream<Result<HealthCheckResponse, Status>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        if !self.knows(&request.get_ref().service) {
            return Err(Status::not_found("unknown service"));
        }
        Ok(Response::new(answer(self.status())))
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let full = |_| Status::resource_exhausted(format!("{WATCHES_MAX} clients watch already"));
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(full)?;
        let is_known = self.knows(&request.get_ref().service);
        let now = if is_known { self.status() } else { ServingStatus::ServiceUnknown };
        let (mut state, serves) = (self.state.clone(), self.serves);
        let (answers, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            let _place = place;
            if answers.send(Ok(answer(now))).await.is_err() || now == ServingStatus::NotServing {
                return;
            }
            // An error says that the server is gone, which is as good as stopped.
            let stopped = async { drop(state.wait_for(|state| !serves(state)).await) };
            tokio::select! {
                () = answers.closed() => return,
                () = stopped => {}
            }
            if is_known {
                // The client may have gone meanwhile.
                let _ = answers.send(Ok(answer(ServingStatus::NotServing))).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt;
    use tonic::Code;

    use super::*;

    const SERVICES: &[&str] = &["protos.Chaincode"];

    fn service(state: &watch::Sender<bool>) -> HealthService<bool> {
        let places = Arc::new(Semaphore::new(WATCHES_MAX));
        HealthService { services: SERVICES, state: state.subscribe(), serves: |serves| *serves, places }
    }

    fn about(service: &str) -> Request<HealthCheckRequest> {
        Request::new(HealthCheckRequest { service: service.to_owned() })
    }

    #[tokio::test]
    async fn a_check_tells_of_the_server_and_of_its_services_and_knows_no_others() -> Result<(), Status> {
        let state = watch::Sender::new(true);
        let health = service(&state);
        for name in ["", "protos.Chaincode"] {
            assert_eq!(health.check(about(name)).await?.get_ref().status(), ServingStatus::Serving, "{name}");
        }
        let unknown = health.check(about("protos.Endorser")).await.expect_err("an unknown service");
        assert_eq!(unknown.code(), Code::NotFound);
        state.send_replace(false);
        assert_eq!(health.check(about("")).await?.get_ref().status(), ServingStatus::NotServing);
        Ok(())
    }

    #[tokio::test]
    async fn a_watch_is_told_of_the_stop_and_ends_with_it() -> Result<(), Status> {
        let state = watch::Sender::new(true);
        let health = service(&state);
        let mut watches = Vec::new();
        for (name, first) in [("", ServingStatus::Serving), ("protos.Endorser", ServingStatus::ServiceUnknown)] {
            let mut stream = health.watch(about(name)).await?.into_inner();
            assert_eq!(stream.next().await.transpose()?.map(|answer| answer.status()), Some(first), "{name}");
            watches.push(stream);
        }
        state.send_replace(false);
        let told = watches[0].next().await.transpose()?;
        assert_eq!(told.map(|answer| answer.status()), Some(ServingStatus::NotServing));
        for stream in &mut watches {
            assert!(stream.next().await.is_none());
        }
        Ok(())
    }

    #[tokio::test]
    async fn only_so_many_clients_watch_at_one_time() -> Result<(), Status> {
        let state = watch::Sender::new(true);
        let health = service(&state);
        let mut open = Vec::new();
        for _ in 0..WATCHES_MAX {
            open.push(health.watch(about("")).await?);
        }
        let refused = health.watch(about("")).await.expect_err("no place is left");
        assert_eq!(refused.code(), Code::ResourceExhausted);
        drop(open);
        while health.places.available_permits() < WATCHES_MAX {
            tokio::task::yield_now().await;
        }
        assert!(health.watch(about("")).await.is_ok());
        Ok(())
    }
}

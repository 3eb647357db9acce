//! The chaincode as a whole: its contracts by name, and the way from an invocation to an outcome.
//!
//! Panics pass through: the caller of a router (the shim, the in-memory ledger) catches them and answers with
//! [`Failure::panicked`].

use serde_json::Value;

use crate::{
    ArgumentError, Backend, Context, Contract, Failure, Invocation, Kind, Outcome,
    codec::{self, CallError},
    contract::Function,
    metadata::{self, METADATA_FUNCTION},
};

/// The contracts of one chaincode.
#[derive(Clone)]
pub struct Router {
    title: String,
    version: String,
    contracts: Vec<Contract>,
    explain: fn(&ArgumentError) -> Failure,
}

/// One transaction of a chaincode.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionInfo {
    /// The name on the wire, `item:Capture`.
    pub name: String,
    /// The contract, `item`.
    pub contract: String,
    /// The function, `Capture`.
    pub function: String,
    /// Whether it may write.
    pub kind: Kind,
    /// JSON Schema (2020-12) of the request; none when there is no argument.
    pub request: Option<Value>,
    /// JSON Schema (2020-12) of the response; none when it is empty.
    pub response: Option<Value>,
}

impl Router {
    /// A chaincode without contracts; title and version appear in its metadata.
    pub fn new(title: &str, version: &str) -> Self {
        Self { title: title.to_owned(), version: version.to_owned(), contracts: Vec::new(), explain: codec::explain }
    }

    /// Adds a contract. The first one added also answers to function names without a contract.
    ///
    /// # Panics
    /// When there is a contract of that name already.
    #[must_use]
    pub fn contract(mut self, contract: Contract) -> Self {
        assert!(self.find(contract.name()).is_none(), "the contract {} is listed twice", contract.name());
        self.contracts.push(contract);
        self
    }

    /// Has arguments that are not of their type refused in the chaincode's own words. Default: `argument_malformed`
    /// with the place and what the type said.
    #[must_use]
    pub fn explain_arguments(mut self, explain: fn(&ArgumentError) -> Failure) -> Self {
        self.explain = explain;
        self
    }

    /// All transactions, in the order of contracts and then of function names.
    pub fn transactions(&self) -> Vec<TransactionInfo> {
        let of = |contract: &Contract| {
            let name = contract.name.clone();
            let infos: Vec<_> =
                contract.functions.iter().map(|(function, entry)| entry.info(&name, function)).collect();
            infos
        };
        self.contracts.iter().flat_map(of).collect()
    }

    /// What `org.hyperledger.fabric:GetMetadata` answers, in the form that Fabric's other libraries read.
    pub fn metadata(&self) -> Value {
        metadata::of(&self.title, &self.version, &self.contracts)
    }

    /// Runs one invocation. Its writes are sent to the backend as the last step, and only when it succeeded.
    pub fn invoke(&self, backend: &mut dyn Backend, invocation: &Invocation) -> Outcome {
        self.run(backend, invocation).unwrap_or_else(Outcome::from)
    }

    fn run(&self, backend: &mut dyn Backend, invocation: &Invocation) -> Result<Outcome, Failure> {
        let success = |payload, event| Outcome { status: 200, message: String::new(), payload, event };
        let Some((name, arguments)) = invocation.args.split_first() else {
            // Fabric initialises with empty arguments when the operator gave none.
            let nothing_to_do = invocation.is_init.then(|| success(Vec::new(), None));
            return nothing_to_do.ok_or_else(|| name_malformed("no function was named"));
        };
        let name = str::from_utf8(name).map_err(|_| name_malformed("it is not UTF-8"))?;
        if name == METADATA_FUNCTION {
            return Ok(success(self.metadata().to_string().into_bytes(), None));
        }
        let (contract, name, function) = self.resolve(name)?;
        let mut context = Context::new(invocation, contract, name, function.kind, backend);
        let payload = (function.handler)(&mut context, arguments).map_err(|error| match error {
            CallError::Argument(error) => (self.explain)(&error),
            CallError::Failed(failure) => failure,
        })?;
        let event = context.finish()?;
        Ok(success(payload, event))
    }

    fn resolve<'r>(&'r self, wire_name: &'r str) -> Result<(&'r str, &'r str, &'r Function), Failure> {
        let (contract, name) = match wire_name.split_once(':') {
            Some((_, name)) if name.contains(':') => return Err(name_malformed("it holds more than one colon")),
            Some((contract, name)) => (self.find(contract), name),
            None => (self.contracts.first(), wire_name),
        };
        let contract = contract
            .ok_or_else(|| Failure::new(404, "contract_unknown", "There is no such contract").with_detail(wire_name))?;
        let function = contract.functions.get(name).ok_or_else(|| {
            Failure::new(404, "function_unknown", "The contract has no such transaction").with_detail(wire_name)
        })?;
        Ok((&contract.name, name, function))
    }

    fn find(&self, name: &str) -> Option<&Contract> {
        self.contracts.iter().find(|contract| contract.name == name)
    }
}

impl Function {
    fn info(&self, contract: &str, function: &str) -> TransactionInfo {
        TransactionInfo {
            name: format!("{contract}:{function}"),
            contract: contract.to_owned(),
            function: function.to_owned(),
            kind: self.kind,
            request: self.request.map(|schema| (schema.alone)()),
            response: self.response.map(|schema| (schema.alone)()),
        }
    }
}

fn name_malformed(detail: &str) -> Failure {
    Failure::new(400, "function_name_malformed", "The function name cannot be read").with_detail(detail)
}

//! The native part of the package: texts in and out. What users call is `entrepot_proofs/__init__.py`.

use pyo3::{
    exceptions::{PyOSError, PyValueError},
    prelude::*,
    types::PyString,
};
use trade_claims::desk;
use zeroize::Zeroizing;

/// Has a desk do what is asked; all three are JSON or names. Other threads of Python run meanwhile.
#[pyfunction]
fn ask<'py>(python: Python<'py>, desk: &str, operation: &str, asked: &str) -> PyResult<Bound<'py, PyString>> {
    let answer = python.detach(|| {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| PyOSError::new_err(error.to_string()))?;
        desk::ask(desk, operation, asked, &seed).map_err(|error| PyValueError::new_err(error.to_string()))
    });
    Ok(PyString::new(python, &answer?))
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(ask, module)?)
}

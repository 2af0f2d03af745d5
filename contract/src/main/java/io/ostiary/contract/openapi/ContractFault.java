package io.ostiary.contract.openapi;

/// One way in which a request or a response does not keep to its operation.
///
/// @param in `path`, `query`, `header`, `cookie`, `status` or `body`
/// @param pointer JSON pointer (RFC 6901) into the body, or `/name` of a parameter or header and
///   from there on
public record ContractFault(String in, String pointer, String message) {}

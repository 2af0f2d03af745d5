package io.ostiary.contract.openapi;

/// One way in which a request does not keep to its operation.
///
/// @param in `path`, `query`, `header`, `cookie` or `body`
/// @param pointer JSON pointer (RFC 6901) into the body, or `/name` of a parameter and from there
///   on
public record RequestFault(String in, String pointer, String message) {}

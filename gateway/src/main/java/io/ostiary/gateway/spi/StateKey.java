package io.ostiary.gateway.spi;

/// The place of one filter's state in an exchange.
///
/// @param index given by the plan
public record StateKey<T>(int index, Class<T> type) {}

package io.ostiary.model;

/// How an upstream chooses among its healthy targets.
public enum Balance {
  ROUND_ROBIN,
  LEAST_REQUESTS,
  LEAST_LATENCY
}

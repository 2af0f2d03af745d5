package io.ostiary.model;

/// Who made a call end as it did.
public enum Blame {
  /// Nobody: the call was answered as asked.
  NONE,
  /// The client: it sent what cannot be read, left early, or was too slow.
  CLIENT,
  /// The kernel: the connection was refused or cut before or beneath HTTP.
  KERNEL,
  /// A policy refused it.
  POLICY,
  /// The upstream failed, was too slow, or answered what cannot be read.
  UPSTREAM,
  /// We did.
  GATEWAY
}

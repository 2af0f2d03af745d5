package io.ostiary.model;

import java.util.List;

/// Whom the gateway's own calls may reach: those that policies make to key sets, token services and
/// webhooks. They are checked against the address that a name resolved to, so that a name cannot
/// lead to this host or to a cloud's metadata service.
///
/// @param allow blocks that may be called although they are refused by nature, such as loopback
/// @param deny blocks that may not be called, besides those refused by nature
public record OutboundSettings(List<Cidr> allow, List<Cidr> deny) {
  public static final OutboundSettings DEFAULT = new OutboundSettings(List.of(), List.of());

  public OutboundSettings {
    allow = List.copyOf(allow);
    deny = List.copyOf(deny);
  }
}

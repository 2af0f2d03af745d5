package io.ostiary.contract.config;

import io.ostiary.model.Cidr;
import io.ostiary.model.Peers;
import io.ostiary.model.setting.About;

/// Whose word about clients counts: those of a block, or whoever may connect to a Unix socket.
@About("an address or a block such as 203.0.113.0/24, or unix:")
record TrustedProxy(Cidr block) {
  static final String WRITTEN = "^([0-9A-Fa-f:.]+(/[0-9]{1,3})?|unix:)$";

  static TrustedProxy parse(String text) {
    return new TrustedProxy(text.equals(Peers.UNIX) ? Peers.LOCAL_BLOCK : Cidr.parse(text));
  }
}

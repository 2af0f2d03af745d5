package io.ostiary.contract.config;

import io.ostiary.model.KernelRule.TcpFlags;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import java.util.List;

/// `syn`: set; `no-ack`: not set.
@About("a TCP flag (fin, syn, rst, psh, ack, urg, ece, cwr), with no- before it: not set")
record TcpFlag(int bit, boolean set) {
  static TcpFlag parse(String text) {
    boolean set = !text.startsWith("no-");
    int bit = TcpFlags.NAMES.indexOf(set ? text : text.substring(3));
    if (bit < 0) {
      throw Require.invalid("tcp-flags", text, "fin, syn, rst, psh, ack, urg, ece, cwr or no-...");
    }
    return new TcpFlag(1 << bit, set);
  }

  static TcpFlags all(List<TcpFlag> flags) {
    int set = 0;
    int unset = 0;
    for (var flag : flags) {
      set |= flag.set() ? flag.bit() : 0;
      unset |= flag.set() ? 0 : flag.bit();
    }
    return new TcpFlags(set, unset);
  }
}

package io.ostiary.kernel.flood;

import io.ostiary.model.Cidr;
import io.ostiary.model.FloodReport;
import io.ostiary.model.FloodReport.Share;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Which sources and blocks of sources sent more than a thousandth of the packets, from samples.
///
/// A sample stands for w packets, because each packet was taken with a chance of 1 in w. Of a sum
/// of such weights the variance is the sum of w (w - 1): nothing where every packet was taken. A
/// prefix is named as soon as its share could be a thousandth, so that one that is right on the
/// border is found 19 times of 20, and the error beside it says how sure that is.
final class Shares {
  private static final double NINETEEN_OF_TWENTY = 1.96;
  private static final double HELD = 0.9;
  private static final int EACH_LENGTH_MAX = 1000;

  private final double packets;
  private final double seconds;
  private final List<Share> found = new ArrayList<>();

  private Shares(double packets, double seconds) {
    this.packets = packets;
    this.seconds = seconds;
  }

  static List<Share> of(List<Slice> slices, double seconds) {
    var four = new PrefixSums();
    var six = new PrefixSums();
    double packets = 0;
    for (var slice : slices) {
      packets += slice.packets();
      for (int i = 0; i < slice.size(); i++) {
        add((slice.kinds()[i] & Slice.SIX) == 0 ? four : six, slice, i);
      }
    }
    if (packets == 0 || seconds <= 0) {
      return List.of();
    }
    var shares = new Shares(packets, seconds);
    shares.name(four, 32, 0);
    var block = four.shortened(8);
    shares.name(block, 24, 8);
    shares.name(block.shortened(8), 16, 16);
    shares.name(six, 64, 0);
    shares.name(six.shortened(16), 48, 16);
    shares.found.sort(Comparator.comparingDouble(Share::share).reversed());
    return shares.found;
  }

  private static void add(PrefixSums sums, Slice slice, int i) {
    double weight = slice.weights()[i];
    int kind = slice.kinds()[i];
    sums.add(
        slice.sources()[i],
        weight,
        Math.max(0, weight * (weight - 1)),
        (kind & Slice.OPENS) != 0 ? weight : 0,
        (kind & Slice.DROPPED) != 0 ? weight : 0);
  }

  /// @param behind how many bits the keys lack of an address, or of the upper half of an IPv6 one
  private void name(PrefixSums sums, int prefix, int behind) {
    var named = new ArrayList<Share>();
    sums.each(at -> {
      double share = sums.packets(at) / packets;
      double error =
          NINETEEN_OF_TWENTY * Math.sqrt(sums.variance(at) * Math.max(0, 1 - share)) / packets;
      if (share + error >= FloodReport.NAMED) {
        named.add(
            new Share(
                cidr(sums.key(at) << behind, prefix),
                share,
                error,
                Math.round(sums.packets(at) / seconds),
                Math.round(sums.opens(at) / seconds),
                sums.dropped(at) / sums.packets(at),
                sums.largest(at) >= HELD * sums.packets(at)));
      }
    });
    named.sort(Comparator.comparingDouble(Share::share).reversed());
    found.addAll(named.subList(0, Math.min(named.size(), EACH_LENGTH_MAX)));
  }

  private static Cidr cidr(long address, int prefix) {
    var bytes =
        prefix > 32
            ? ByteBuffer.allocate(16).putLong(address).array()
            : ByteBuffer.allocate(4).putInt((int) address).array();
    try {
      return new Cidr(InetAddress.getByAddress(bytes), prefix);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }
}

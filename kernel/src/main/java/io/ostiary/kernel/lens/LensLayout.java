package io.ostiary.kernel.lens;

import static java.util.Map.entry;

import io.ostiary.kernel.libbpf.BpfObject.Struct;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Where Java believes the members of the shared structures lie, compared with what the compiler of
/// the program says in its type information (BTF). A difference is a fault of the build, and the
/// lens is refused: numbers from the wrong place would look like measurements.
final class LensLayout {
  static final String RECORD = "lens_record";
  static final String CONTROL = "lens_control";

  private static final Map<String, Long> RECORD_MEMBERS =
      Map.ofEntries(
          entry("cookie", ConnectionTable.COOKIE),
          entry("generation", ConnectionTable.GENERATION),
          entry("flags", ConnectionTable.FLAGS),
          entry("first_data_ns", ConnectionTable.FIRST_DATA),
          entry("last_data_ns", ConnectionTable.LAST_DATA),
          entry("last_ack_ns", ConnectionTable.LAST_ACK),
          entry("bytes_in", ConnectionTable.BYTES_IN),
          entry("segments_in", ConnectionTable.SEGMENTS_IN),
          entry("ifindex", ConnectionTable.INTERFACE),
          entry("repeated_in", ConnectionTable.REPEATED_IN),
          entry("bytes_out", ConnectionTable.BYTES_OUT),
          entry("bytes_acked", ConnectionTable.BYTES_ACKED),
          entry("segments_out", ConnectionTable.SEGMENTS_OUT),
          entry("retransmits", ConnectionTable.RETRANSMITS),
          entry("srtt_us", ConnectionTable.SMOOTHED_RTT),
          entry("min_rtt_us", ConnectionTable.SMALLEST_RTT),
          entry("rtt_samples", ConnectionTable.RTT_SAMPLES),
          entry("out_of_order_in", ConnectionTable.OUT_OF_ORDER_IN),
          entry("zero_windows", ConnectionTable.ZERO_WINDOWS),
          entry("syn_ns", ConnectionTable.SYN),
          entry("established_ns", ConnectionTable.ESTABLISHED),
          entry("closed_ns", ConnectionTable.CLOSED),
          entry("handshake_rtt_us", ConnectionTable.HANDSHAKE_RTT),
          entry("syn_ack_retransmits", ConnectionTable.SYN_ACK_RETRANSMITS),
          entry("close_reason", ConnectionTable.CLOSE_REASON),
          entry("own_zero_windows", ConnectionTable.OWN_ZERO_WINDOWS),
          entry("answered_ns", ConnectionTable.ANSWERED),
          entry("events", ConnectionTable.EVENTS),
          entry("requests", ConnectionTable.REQUESTS),
          entry("dropped_in", ConnectionTable.DROPPED_IN),
          entry("syn_ack_ns", ConnectionTable.SYN_ACK),
          entry("dropped_out", ConnectionTable.DROPPED_OUT),
          entry("drop_reason", ConnectionTable.DROP_REASON),
          entry("stalled", ConnectionTable.STALLED),
          entry("event", ConnectionTable.EVENT));

  private static final Map<String, Long> CONTROL_MEMBERS =
      Map.of(
          "seed", LensControl.SEED,
          "owner_device", LensControl.OWNER_DEVICE,
          "owner_inode", LensControl.OWNER_INODE,
          "owner", LensControl.OWNER,
          "tracked", LensControl.TRACKED,
          "overwritten", LensControl.OVERWRITTEN,
          "untracked", LensControl.UNTRACKED,
          "ports", LensControl.PORTS,
          "net", LensControl.NET,
          "drops", LensControl.DROPS);

  private LensLayout() {}

  /// Every difference, in the form `name: seen (expected: what)`; empty when all is well.
  static List<String> differences(Struct record, Struct control) {
    var found = new ArrayList<String>();
    found.addAll(record.differences(RECORD, ConnectionTable.RECORD_BYTES, RECORD_MEMBERS));
    found.addAll(control.differences(CONTROL, LensControl.BYTES, CONTROL_MEMBERS));
    return found;
  }
}

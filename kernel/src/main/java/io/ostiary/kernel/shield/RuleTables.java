package io.ostiary.kernel.shield;

import java.util.List;

/// A rule set as the kernel's tables hold it but for the addresses; see `classify.h` for how they
/// are read. Immutable by agreement, but for `selectors`: nobody writes into the other arrays after
/// [RuleCompiler] is done.
///
/// @param allow the rules that let in
/// @param deny the rules that keep out; what is neither is a limit
/// @param connections the limits that count connections
/// @param rates of the limits, by rule: packets or connections a second
/// @param bits of the limits, by rule: how many leading bits of a source share one
/// @param selectors a row, [Selectors#ROWS_FIRST] and then of `selectorRows`, for each value of
///   each field that is no address; until the next set is compiled
/// @param sides which rules a group of addresses belongs to, of sources and of destinations
/// @param more whether a rule asks for more than source, destination port, protocol and ICMP type
/// @param rules how many rules the file has
@SuppressWarnings("ArrayRecordComponent")
record RuleTables(
    Mask allow,
    Mask deny,
    Mask connections,
    long[] rates,
    byte[] bits,
    short[] selectors,
    List<Mask> selectorRows,
    List<Side> sides,
    boolean more,
    boolean dryRun,
    int rules) {
  static final int RULES_MAX = 448;
  static final int SOURCES = 0;
  static final int DESTINATIONS = 1;
  static final int SIDES = 2;

  /// Marks stand behind the rules of a row.
  static final int MARK_MANAGEMENT = 448;

  static final int MARK_SESSION = 449;
  static final int MARK_RULES = 450;

  /// Groups of sources that belong to no rule.
  static final int MANAGEMENT_GROUP = 0;

  static final int SESSION_GROUP = 1;

  /// @param anywhere rules that name no address on this side, and marks
  /// @param groups by group: rules that name it, and marks
  @SuppressWarnings("ArrayRecordComponent")
  record Side(Mask anywhere, Mask[] groups) {
    /// The row of the addresses that are in these groups.
    Mask row(Mask in) {
      var sum = new Mask[] {anywhere};
      in.forEach(group -> sum[0] = sum[0].or(groups[group]));
      return sum[0];
    }
  }
}

package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.testing.Spoilt;
import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Json;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Every setting there is, given what it cannot be: the fault stands where the value does, in words
/// that say what was seen and what belongs there. A new setting is here as soon as it is in
/// [FullMappingTest#EVERYTHING], which another test sees to.
class EverySettingTest {
  /// What others refer to by its name, or what they need: they are told when it is gone.
  private static final Pattern REFERRED_TO =
      Pattern.compile(
          "/apis|/apis/0|/apis/0/(name|openapi|routes|routes/0|routes/0/id)"
              + "|/upstreams|/upstreams/0|/upstreams/0/name|/kernel/sets|/kernel/sets/[01]"
              + "|/kernel/sets/[01]/name|/trusted-proxies|/kernel/rules/[01]/deny/protocol"
              + "|/upstreams/0/(protocol|tls|health/kind)|/services/0/(protocol|health/port)"
              + "|/kernel/rules/4/allow/from|/kernel/sets/1/blocks");

  /// Where any text can be meant, or an empty one stands for nothing.
  private static final Pattern ANY_TEXT =
      Pattern.compile(
          "/apis/0/routes/./id|/apis/0/routes/1/when/(headers|query|cookies)/.*"
              + "|/apis/0/routes/1/when/path|/apis/0/routes/1/split/to/consumers(/0)?"
              + "|/upstreams/0/(health/(body|host|service|headers/X-Check)|spread/sticky/secret"
              + "|overload/priorities/0/consumers|spread/hash/name)"
              + "|/errors/0/(problems(/0)?|headers/.*)|/apis/0/errors/0/text"
              + "|/access-log(/.)?(/to)?|/telemetry/(service|headers/.*)|/kernel/stages/folder");

  private static final Pattern WORDS =
      Pattern.compile(
          ".+: .+ \\(expected: .+\\).*|unknown .+|missing '.+' \\(expected: .+\\)"
              + "|'no-such-setting' beside .+|cannot read the file|.+ is given twice.*"
              + "|.+ cannot be used, it has .+",
          Pattern.DOTALL);

  @Test
  void isToldAtItsPlaceWhatIsWrongWithIt() {
    TestCertificate.make(Path.of("target", "tls"), "api", 90);
    var parsed =
        (Parsed.Tree)
            TreeReader.parse(FullMappingTest.EVERYTHING, "every.yaml", Limits.CONFIGURATION);
    var cases = Spoilt.all(Json.node(parsed.root()));

    assertThat(cases).hasSizeGreaterThan(1500);
    assertThat(cases.parallelStream().flatMap(one -> wrong(one).stream()).toList()).isEmpty();
  }

  /// What a person would complain about.
  private static List<String> wrong(Spoilt one) {
    var wrong = new ArrayList<String>();
    if (!(ConfigReaderTest.read(one.text()) instanceof ConfigRead.Refused(var faults))) {
      boolean allowed = !one.everWrong() && (!one.isText() || fits(ANY_TEXT, one.pointer()));
      return allowed ? wrong : List.of(one + " is taken");
    }
    for (var fault : faults) {
      boolean here = one.blames(fault.line(), fault.column());
      if (!here && !elsewhere(one, fault)) {
        wrong.add(one + " is told at " + one.at(fault.line(), fault.column()) + ": " + fault);
      }
      if (!WORDS.matcher(fault.message()).matches() || fault.message().contains("Exception")) {
        wrong.add(one + " is told as: " + fault.message());
      }
    }
    return wrong;
  }

  private static boolean elsewhere(Spoilt one, Fault fault) {
    return !fault.file().equals("ostiary.yaml") || fits(REFERRED_TO, one.pointer());
  }

  private static boolean fits(Pattern pattern, String pointer) {
    return pattern.matcher(pointer).matches();
  }
}

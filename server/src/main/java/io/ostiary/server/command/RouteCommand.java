package io.ostiary.server.command;

import io.ostiary.server.UserError;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// `ostiary route METHOD URL`: which route a request would get, and why.
@Command(
    name = "route",
    description = "Tell which route a request would get, and why, without sending it.")
public final class RouteCommand implements Callable<Integer> {
  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "METHOD", description = "Such as GET.")
  private String method = "";

  @Parameters(index = "1", paramLabel = "URL", description = "A path, or an absolute URL.")
  private String url = "";

  @Option(
      names = {"-H", "--header"},
      paramLabel = "FIELD",
      description = "A header field, such as 'X-Version: 2'; may be given again.")
  private List<String> headers = List.of();

  @Option(
      names = "--client",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "The client's address (default: 127.0.0.1).")
  private String client = "127.0.0.1";

  @Option(names = "--json", description = "Print the whole answer as JSON.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    var question = new LinkedHashMap<String, Object>();
    question.put("method", method);
    question.put("url", url);
    question.put("headers", fields());
    question.put("client", client);
    var answer = admin.ask(admin -> admin.route(question));
    var out = spec.commandLine().getOut();
    if (json) {
      out.println(answer.toPrettyString());
    } else {
      print(answer, out);
    }
    out.flush();
    return answer.get("chosen").isNull() ? 1 : 0;
  }

  private List<Map<String, String>> fields() {
    var fields = new ArrayList<Map<String, String>>();
    for (var header : headers) {
      int colon = header.indexOf(':');
      if (colon < 1) {
        throw new UserError("-H: %s (expected: a field such as 'X-Version: 2')".formatted(header));
      }
      fields.add(
          Map.of("name", header.substring(0, colon), "value", header.substring(colon + 1).strip()));
    }
    return fields;
  }

  private static void print(JsonNode answer, PrintWriter out) {
    out.printf("%d  %s%n", answer.get("status").asInt(), answer.get("sentence").asString());
    if (!answer.get("path").isNull()) {
      out.printf(
          "%nhost      %s%npath      %s%n",
          answer.get("host").asString(), answer.get("path").asString());
    }
    var chosen = answer.get("chosen");
    if (!chosen.isNull()) {
      if (chosen.get("upstream").isNull()) {
        out.println("upstream  none: a policy answers");
      } else {
        out.printf(
            "upstream  %s %s%n",
            chosen.get("upstream").asString(), chosen.get("upstreamPath").asString());
      }
      for (var share : chosen.get("shares")) {
        out.printf(
            "          %s%% to %s%s%n",
            share.get("percent").asString(),
            share.get("upstream").asString(),
            share.get("takes").asBoolean() ? ", and this request by its condition" : "");
      }
      out.printf("policies  %s%n", words(chosen.get("policies"), "none"));
    }
    if (!answer.get("candidates").isEmpty()) {
      out.printf("%nroutes with this host and path:%n");
    }
    for (var one : answer.get("candidates")) {
      out.printf(
          "  %s  %s %s%s  (%s/%s)%n",
          one.get("verdict").asString().equals("chosen") ? "*" : "-",
          words(one.get("methods"), "any"),
          one.get("host").asString(),
          one.get("pattern").asString(),
          one.get("api").asString(),
          one.get("route").asString());
      var why = one.get("why").asString();
      if (!why.isEmpty()) {
        out.printf("     %s: %s%n", one.get("verdict").asString().replace('-', ' '), why);
      }
    }
  }

  private static String words(JsonNode list, String none) {
    var words = new ArrayList<String>();
    list.forEach(word -> words.add(word.asString()));
    return words.isEmpty() ? none : String.join(", ", words);
  }
}

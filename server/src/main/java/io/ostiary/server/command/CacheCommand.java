package io.ostiary.server.command;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `ostiary cache purge API [URL | --prefix URL | --tag TAG]`: throws away what an API's cache
/// keeps.
@Command(
    name = "cache",
    description = "Throw away what caches of APIs keep.",
    subcommands = CacheCommand.Purge.class,
    synopsisSubcommandLabel = "purge")
public final class CacheCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return spec.exitCodeOnInvalidInput();
  }

  /// One address, those below a prefix, those with a tag, or all.
  @Command(
      name = "purge",
      description =
          "Throw away what an API's cache keeps: of one address, of all that begin alike, of all"
              + " answers with a tag, or everything.")
  static final class Purge implements Callable<Integer> {
    @Mixin private AdminOptions admin;
    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "API", description = "Its name in ostiary.yaml.")
    private String api = "";

    @Parameters(
        index = "1",
        paramLabel = "URL",
        arity = "0..1",
        description = "One address, as callers ask for it; not given: all.")
    private String url = "";

    @Option(names = "--prefix", paramLabel = "URL", description = "All addresses that begin so.")
    private String prefix = "";

    @Option(
        names = "--tag",
        paramLabel = "TAG",
        description =
            "All answers to which the upstream gave this name, in Surrogate-Key or Cache-Tag.")
    private String tag = "";

    @Override
    public Integer call() throws InterruptedException {
      var what = new TreeMap<String, String>();
      put(what, "url", url);
      put(what, "prefix", prefix);
      put(what, "tag", tag);
      if (what.size() > 1) {
        throw new ParameterException(
            spec.commandLine(), "several of URL, --prefix and --tag (expected: one of them)");
      }
      admin.ask(client -> client.purge(api, what));
      var out = spec.commandLine().getOut();
      out.println("The cache of " + api + kept());
      out.flush();
      return 0;
    }

    private static void put(Map<String, String> what, String name, String value) {
      if (!value.isEmpty()) {
        what.put(name, value);
      }
    }

    private String kept() {
      if (!prefix.isEmpty()) {
        return " does not keep anything below " + prefix + " any more.";
      }
      if (!tag.isEmpty()) {
        return " does not keep anything with the tag " + tag + " any more.";
      }
      return url.isEmpty() ? " is empty." : " does not keep " + url + " any more.";
    }
  }
}

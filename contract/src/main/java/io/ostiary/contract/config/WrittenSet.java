package io.ostiary.contract.config;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelSet;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

@About("A named set of addresses: written here, in a file, or fetched")
record WrittenSet(
    @About("Unique; rules refer to it by from-set and to-set") String name,
    @About("Addresses and blocks") @OrOne List<Cidr> blocks,
    @About("A file with one block on each line, relative to this one") @Nullable String file,
    @About("Where such a file is fetched; the last one is kept in the data folder")
        @Nullable String url,
    @About("How often it is read or fetched again") @Default("1h") Duration every) {
  WrittenSet {
    int places = (blocks.isEmpty() ? 0 : 1) + (file == null ? 0 : 1) + (url == null ? 0 : 1);
    if (places != 1) {
      throw Require.invalid(
          "set", places == 0 ? "no addresses" : "two places", "one of blocks, file and url");
    }
  }

  /// @param beside the file that it is written in
  KernelSet meaning(Path beside) {
    return new KernelSet(name, supply(beside));
  }

  private KernelSet.Supply supply(Path beside) {
    try {
      if (file != null) {
        return new KernelSet.Supply.File(beside.resolveSibling(file).normalize(), every);
      }
      return url != null
          ? new KernelSet.Supply.Web(new URI(url), every)
          : new KernelSet.Supply.Inline(blocks);
    } catch (InvalidPathException e) {
      throw Require.invalid("file", "'" + file + "'", "a file");
    } catch (URISyntaxException e) {
      throw Require.invalid("url", "'" + url + "'", "http://... or https://...");
    }
  }

  /// Reads the file of a set, so that what is wrong in it is told with the rest, and so that
  /// whoever puts it into force need not read it again.
  static KernelSet read(KernelSet set, KnownSets known, Consumer<String> faults) {
    if (!(set.supply() instanceof KernelSet.Supply.File(var path, var every, var _))) {
      return set;
    }
    try {
      var read = known.read(path);
      read.list().faults().forEach(faults);
      return new KernelSet(set.name(), new KernelSet.Supply.File(path, every, read));
    } catch (IOException e) {
      faults.accept("file: " + path + " (expected: a file that can be read)");
      return set;
    }
  }
}

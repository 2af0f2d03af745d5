package io.ostiary.kernel.libbpf;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A thread for what takes a while and nobody is in need of: on a busy processor it gets a quarter
/// of what a usual one gets.
public final class PatientThread {
  private static final Logger LOG = LoggerFactory.getLogger(PatientThread.class);
  private static final int PRIO_PROCESS = 0;
  private static final int THE_CALLER = 0;
  private static final int NICE = 5;

  private PatientThread() {}

  /// Lets one do it, and waits. It ends then, so that no thread that is begun later is as patient.
  public static <T> T call(String name, Callable<T> work)
      throws ExecutionException, InterruptedException {
    var task =
        new FutureTask<>(() -> {
          var library = Libbpf.load();
          try {
            library.number(name, "setpriority", PRIO_PROCESS, THE_CALLER, NICE);
          } catch (LibbpfException e) {
            LOG.debug("{} is a thread like others: {}", name, e.getMessage());
          }
          return work.call();
        });
    Thread.ofPlatform().daemon().name(name).start(task);
    return task.get();
  }
}

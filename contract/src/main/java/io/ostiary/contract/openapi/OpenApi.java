package io.ostiary.contract.openapi;

import io.ostiary.contract.tree.Json;
import io.ostiary.contract.tree.Node;
import io.ostiary.model.Document;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An OpenAPI document that was read and understood. For all threads at once; operations are
/// compiled when first asked for, which is when a plan is.
public final class OpenApi implements Document {
  private final String file;
  private final String title;
  private final String version;
  private final Node root;
  private final byte @Nullable [] whole;
  private final Map<String, Supplier<Operation>> recipes;
  private final Map<String, Operation> operations = new ConcurrentHashMap<>();

  /// @param whole as JSON, with the files that it refers to; null: there are none
  OpenApi(
      String file,
      String title,
      String version,
      Node root,
      byte @Nullable [] whole,
      Map<String, Supplier<Operation>> recipes) {
    this.file = file;
    this.title = title;
    this.version = version;
    this.root = root;
    this.whole = whole;
    this.recipes = Map.copyOf(recipes);
  }

  @Override
  public String file() {
    return file;
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public byte[] json() {
    return whole == null
        ? Json.node(root).toString().getBytes(StandardCharsets.UTF_8)
        : whole.clone();
  }

  /// May take time at the first call for an operation.
  ///
  /// @param key as in [io.ostiary.model.Route#operation]: a JSON pointer into the document
  /// @return null where there is none
  /// @throws IllegalArgumentException where a schema of the operation cannot be used
  public @Nullable Operation operation(String key) {
    var recipe = recipes.get(key);
    return recipe == null ? null : operations.computeIfAbsent(key, _ -> recipe.get());
  }
}

package io.ostiary.contract.schema;

import com.networknt.schema.Error;
import com.networknt.schema.ExecutionContext;
import com.networknt.schema.OutputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.ValidationLimitExceededException;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.path.PathType;
import com.networknt.schema.regex.RegularExpression;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The engine of `com.networknt:json-schema-validator`. Nothing is fetched: a reference out of the
/// bundle fails when the schema is compiled.
///
/// A value is first checked for validity alone, stopping at the first mismatch; only an invalid one
/// is checked again for the messages.
public final class NetworkntEngine implements SchemaEngine {
  private static final String BASE = "https://schema.ostiary.invalid/bundle";
  private static final String INSIDE = "#/$defs/";

  /// Schemas that lead back to themselves on the same value would never end.
  private static final int EVALUATION_DEPTH_MAX = 1_000;

  private static final long EVALUATION_STEPS_MAX = 4_000_000;

  @Override
  public Definitions open(ObjectNode bundle) {
    var config =
        SchemaRegistryConfig.builder()
            .formatAssertionsEnabled(true)
            .pathType(PathType.JSON_POINTER)
            .locale(Locale.ENGLISH)
            .preloadSchema(false)
            .regularExpressionFactory(NetworkntEngine::pattern)
            .build();
    return new Bundle(bundle, config);
  }

  private static RegularExpression pattern(String text) {
    return Patterns.compile(text)::test;
  }

  /// The library reads a resource anew for each schema that is asked for, and Stripe's document has
  /// hundreds that lead to nearly all others. So the bundle is read once, as a whole, by the first
  /// who asks, and all references to a schema lead to the same object.
  private static final class Bundle implements Definitions {
    private final ObjectNode bundle;
    private final SchemaRegistryConfig config;
    private final Map<String, SchemaCheck> checks = new ConcurrentHashMap<>();
    private @Nullable Map<String, Schema> read;

    Bundle(ObjectNode bundle, SchemaRegistryConfig config) {
      this.bundle = bundle;
      this.config = config;
    }

    @Override
    public SchemaCheck compile(String name) {
      return checks.computeIfAbsent(name, this::make);
    }

    private SchemaCheck make(String name) {
      try {
        var schema = byLocation().get(BASE + INSIDE + name);
        if (schema == null) {
          throw new IllegalArgumentException(
              "schema: '" + name + "' (expected: one of the bundle)");
        }
        var check = new Check(schema);
        check.check(JsonNodeFactory.instance.nullNode());
        return check;
      } catch (SchemaException e) {
        throw new IllegalArgumentException("schema: " + e.getMessage(), e);
      }
    }

    /// The library builds what stands under `$defs` with the resource itself, and not by following
    /// references, which may lead deeper than the stack.
    private synchronized Map<String, Schema> byLocation() {
      if (read == null) {
        var registry =
            SchemaRegistry.withDialect(
                Dialects.getDraft202012(), builder -> builder.schemaRegistryConfig(config));
        var whole = registry.getSchema(SchemaLocation.of(BASE), bundle);
        read = whole.getSchemaContext().getSchemaReferences();
      }
      return read;
    }
  }

  private record Check(Schema schema) implements SchemaCheck {
    private static final List<Mismatch> TOO_COSTLY =
        List.of(new Mismatch("", "is too large or too deeply nested to be checked"));

    @Override
    public List<Mismatch> check(ByteBuffer json) {
      return switch (JsonText.read(json)) {
        case JsonText.Read.Value(JsonNode node) -> check(node);
        case JsonText.Read.Unreadable(Mismatch mismatch) -> List.of(mismatch);
      };
    }

    @Override
    public List<Mismatch> check(JsonNode value) {
      try {
        return schema.validate(value, OutputFormat.BOOLEAN, Check::limit)
            ? List.of()
            : mismatches(value);
      } catch (ValidationLimitExceededException | ArithmeticException | StackOverflowError e) {
        return TOO_COSTLY;
      }
    }

    private static void limit(ExecutionContext context) {
      context.executionConfig(config ->
          config.maxEvaluationDepth(EVALUATION_DEPTH_MAX).maxEvaluationSteps(EVALUATION_STEPS_MAX));
    }

    private List<Mismatch> mismatches(JsonNode value) {
      var found = new LinkedHashSet<Mismatch>();
      for (var error : schema.validate(value, Check::limit)) {
        found.add(mismatch(error));
        if (found.size() == MISMATCHES_MAX) {
          break;
        }
      }
      return found.isEmpty() ? TOO_COSTLY : List.copyOf(found);
    }

    private static Mismatch mismatch(Error error) {
      var pointer = error.getInstanceLocation().toString();
      var property = error.getProperty();
      var below = property == null ? pointer : pointer + Mismatch.step(property);
      return switch (String.valueOf(error.getKeyword())) {
        case "required", "dependentRequired" -> new Mismatch(below, "is missing");
        case "additionalProperties", "unevaluatedProperties" ->
            new Mismatch(below, "is not a member that belongs here");
        case "false" -> new Mismatch(pointer, "may not be sent");
        default -> new Mismatch(pointer, error.getMessage());
      };
    }
  }
}

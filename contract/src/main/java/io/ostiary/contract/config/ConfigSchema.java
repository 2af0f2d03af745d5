package io.ostiary.contract.config;

import io.ostiary.contract.bind.JsonSchema;
import io.ostiary.contract.bind.Shapes;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The JSON Schema of `ostiary.yaml`, for editors: a file that starts with `# yaml-language-server:
/// $schema=ostiary.schema.json` is completed and checked while it is written. Made from the same
/// records that the file is bound to.
public final class ConfigSchema {
  private ConfigSchema() {}

  /// @param policies name and settings record of each policy that may be used
  public static String json(Map<String, Class<? extends Record>> policies) {
    var schema = node(policies);
    return new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(schema) + "\n";
  }

  static ObjectNode node(Map<String, Class<? extends Record>> policies) {
    var schema = JsonSchema.of(new Shapes(policies).fields(Written.class));
    return schema.put("title", "ostiary.yaml");
  }

  /// The schema of one policy's settings, for forms.
  public static ObjectNode settings(Class<? extends Record> settings) {
    return JsonSchema.of(new Shapes(Map.of()).fields(settings));
  }
}

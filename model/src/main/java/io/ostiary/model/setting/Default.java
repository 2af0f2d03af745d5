package io.ostiary.model.setting;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What holds where nothing is written, in the words of `ostiary.yaml`: `@Default("1m")`,
/// `@Default("[tcp, udp]")`.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Default {
  String value();
}

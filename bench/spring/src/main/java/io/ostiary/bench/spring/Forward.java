package io.ostiary.bench.spring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/// Spring Cloud Gateway with one route and nothing else, as its guide begins.
@SpringBootApplication
public class Forward {
  public static void main(String[] args) {
    SpringApplication.run(Forward.class, args);
  }

  @Bean
  RouteLocator routes(RouteLocatorBuilder routes, Environment settings) {
    return routes
        .routes()
        .route("all", route -> route.path("/**").uri(settings.getRequiredProperty("upstream")))
        .build();
  }
}

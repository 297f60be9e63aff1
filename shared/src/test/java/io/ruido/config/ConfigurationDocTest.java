package io.ruido.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.WithDefault;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ConfigurationDocTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z0-9.-]+)` \\| ([^|]*) \\|");

    @Test
    void thePageListsEverySettingWithItsDefault() throws IOException {
        Map<String, String> documented = ROW.matcher(Files.readString(Path.of("../docs/configuration.md")))
                .results()
                .collect(Collectors.toMap(row -> row.group(1), row -> row.group(2), (a, b) -> a, TreeMap::new));
        Map<String, String> settings = new TreeMap<>();
        collect("", RuidoConfig.class, settings);

        assertThat(documented.keySet()).isEqualTo(settings.keySet());
        settings.forEach((name, value) -> {
            if (value != null) {
                assertThat(documented).containsEntry(name, '`' + value + '`');
            }
        });
    }

    /** Puts the names of settings with their defaults, or null where there is no constant default. */
    private static void collect(String prefix, Class<?> type, Map<String, String> settings) {
        Stream.of(type.getDeclaredMethods())
                .filter(method -> method.getParameterCount() == 0 && !method.isSynthetic())
                .forEach(method -> {
                    String name = prefix + kebab(method);
                    if (method.getReturnType().isInterface()
                            && method.getReturnType().getPackage() == RuidoConfig.class.getPackage()) {
                        collect(name + ".", method.getReturnType(), settings);
                    } else {
                        WithDefault constant = method.getAnnotation(WithDefault.class);
                        settings.put(name, constant == null ? null : constant.value());
                    }
                });
    }

    private static String kebab(Method method) {
        return method.getName().replaceAll("([A-Z])", "-$1").toLowerCase();
    }
}

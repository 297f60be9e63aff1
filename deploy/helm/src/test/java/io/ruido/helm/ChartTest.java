package io.ruido.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.ruido.config.RuidoConfig;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The chart, as Helm renders it, and Kubernetes' own types as the schema; no cluster. */
class ChartTest {
    private static final Path CHART = Path.of("ruido");
    private static final Path VALUES = Path.of("src/test/values");

    /** Refuses fields that Kubernetes does not have, which its model would keep aside. */
    private static final YAMLMapper STRICT = YAMLMapper.builder()
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .annotationIntrospector(new JacksonAnnotationIntrospector() {
                private static final long serialVersionUID = 1L;

                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                    return false;
                }
            })
            .build();

    private static final Map<String, Class<?>> KINDS = Stream.of(
                    ConfigMap.class,
                    Deployment.class,
                    HTTPRoute.class,
                    HorizontalPodAutoscaler.class,
                    Ingress.class,
                    NetworkPolicy.class,
                    Pod.class,
                    PodDisruptionBudget.class,
                    Secret.class,
                    Service.class,
                    ServiceAccount.class,
                    StatefulSet.class)
            .collect(Collectors.toMap(Class::getSimpleName, kind -> kind));

    /** Of operators, whose types are not Kubernetes': a cluster that has them checks these. */
    private static final Set<String> OF_OPERATORS =
            Set.of("PodMonitor", "PrometheusRule", "ScaledObject", "ServiceMonitor", "TriggerAuthentication");

    static Stream<Path> values() throws IOException {
        try (Stream<Path> files = Files.list(VALUES)) {
            return files.sorted().toList().stream();
        }
    }

    private static TemplateCommand template() {
        return new Helm(CHART).template().withKubeVersion("1.34.0");
    }

    private static List<JsonNode> render(Path values) throws IOException {
        String text = template()
                .withName("test")
                .withNamespace("pictures")
                .withValuesFile(values)
                .call();
        List<JsonNode> manifests = new ArrayList<>();
        STRICT.readerFor(JsonNode.class).<JsonNode>readValues(text).forEachRemaining(manifests::add);
        manifests.removeIf(manifest -> manifest == null || manifest.isNull() || manifest.isMissingNode());
        return manifests;
    }

    @Test
    void helmFindsNothingToSayAboutIt() {
        LintResult result = new Helm(CHART).lint().strict().call();
        assertThat(result.isFailed())
                .as(() -> String.join("\n", result.getMessages()))
                .isFalse();
    }

    @ParameterizedTest
    @MethodSource("values")
    void whatItRendersIsWhatKubernetesKnows(Path values) throws IOException {
        List<JsonNode> manifests = render(values);
        assertThat(manifests).hasSizeGreaterThan(4);
        for (JsonNode manifest : manifests) {
            String kind = manifest.path("kind").asText();
            if (!OF_OPERATORS.contains(kind)) {
                assertThat(KINDS).containsKey(kind);
                assertThatCode(() -> STRICT.treeToValue(manifest, KINDS.get(kind)))
                        .as(() -> kind + " " + manifest.at("/metadata/name").asText())
                        .doesNotThrowAnyException();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("values")
    void podsAreRestrictedAndHaveNoToken(Path values) throws IOException {
        for (JsonNode pod : pods(values)) {
            assertThat(pod.at("/automountServiceAccountToken").asBoolean(true)).isFalse();
            assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
            assertThat(pod.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
            assertThat(pod.at("/hostNetwork").asBoolean()).isFalse();
            for (JsonNode container : containers(pod)) {
                JsonNode security = container.at("/securityContext");
                assertThat(security.at("/readOnlyRootFilesystem").asBoolean()).isTrue();
                assertThat(security.at("/allowPrivilegeEscalation").asBoolean(true))
                        .isFalse();
                assertThat(security.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
                assertThat(container.at("/resources/requests").size()).isPositive();
                assertThat(container.at("/resources/limits/memory").asText()).isNotEmpty();
                assertThat(container.at("/imagePullPolicy").asText()).isNotEmpty();
            }
        }
    }

    private static List<JsonNode> pods(Path values) throws IOException {
        return render(values).stream()
                .map(manifest -> manifest.path("kind").asText().equals("Pod")
                        ? manifest.at("/spec")
                        : manifest.at("/spec/template/spec"))
                .filter(JsonNode::isObject)
                .toList();
    }

    private static List<JsonNode> containers(JsonNode pod) {
        List<JsonNode> containers = new ArrayList<>();
        pod.path("containers").forEach(containers::add);
        pod.path("initContainers").forEach(containers::add);
        return containers;
    }

    @ParameterizedTest
    @MethodSource("values")
    void everyVariableOfThePodsIsASetting(Path values) throws IOException {
        Set<String> known = settings("RUIDO", RuidoConfig.class).collect(Collectors.toSet());
        List<String> used = pods(values).stream()
                .flatMap(pod -> containers(pod).stream())
                .flatMap(container -> container.path("env").findValuesAsText("name").stream())
                .filter(name -> name.startsWith("RUIDO_"))
                .toList();
        assertThat(used).isNotEmpty().allMatch(known::contains, "is a setting");
    }

    private static Stream<String> settings(String prefix, Class<?> group) {
        return Stream.of(group.getMethods())
                .filter(method ->
                        method.getParameterCount() == 0 && !java.lang.reflect.Modifier.isStatic(method.getModifiers()))
                .flatMap(method -> method.getReturnType().isInterface()
                                && method.getReturnType().getPackage() == RuidoConfig.class.getPackage()
                        ? settings(name(prefix, method), method.getReturnType())
                        : Stream.of(name(prefix, method)));
    }

    private static String name(String prefix, Method method) {
        return prefix + "_" + method.getName().replaceAll("([A-Z])", "_$1").toUpperCase();
    }

    @ParameterizedTest
    @CsvSource({
        "kafka.securityProtocol, TLS, securityProtocol",
        "redis.uri, 'redis:6379', redis",
        "workers[0].dtype, float64, workers",
        "worker.terminationGracePeriodSeconds, 5, terminationGracePeriodSeconds",
        "gateway.replcas, 2, replcas",
        "models.bucket, models, bucket",
    })
    void aWrongValueIsRefusedByName(String value, String wrong, String named) {
        TemplateCommand template =
                template().withValuesFile(VALUES.resolve("embedded.yaml")).set(value, wrong);
        assertThatThrownBy(template::call).hasMessageContaining(named);
    }

    /** The broker connects to itself by its Service's name, and share groups do not work when it cannot. */
    @Test
    void theEmbeddedKafkaMayResolveNamesAndReachItself() throws IOException {
        JsonNode egress = render(VALUES.resolve("embedded.yaml")).stream()
                .filter(manifest -> manifest.path("kind").asText().equals("NetworkPolicy"))
                .filter(policy -> policy.at("/metadata/name").asText().endsWith("-embedded"))
                .findFirst()
                .orElseThrow()
                .at("/spec/egress");
        assertThat(egress.at("/0/ports").findValuesAsText("port")).containsOnly("53");
        assertThat(egress.at("/1/to/0/podSelector/matchLabels/app.kubernetes.io~1instance")
                        .asText())
                .isEqualTo("test");
    }

    @Test
    void podsRestartWhenAPasswordOfTheValuesChanges() {
        List<String> before = checksums(template().withValuesFile(VALUES.resolve("embedded.yaml")));
        TemplateCommand changed =
                template().withValuesFile(VALUES.resolve("embedded.yaml")).set("redis.password", "another");
        assertThat(checksums(template().withValuesFile(VALUES.resolve("embedded.yaml"))))
                .isEqualTo(before)
                .isNotEmpty();
        assertThat(checksums(changed)).isNotEqualTo(before);
    }

    private static List<String> checksums(TemplateCommand template) {
        return template.call()
                .lines()
                .filter(line -> line.contains("checksum/secrets"))
                .toList();
    }

    @Test
    void withoutServersItSaysWhatToSet() {
        assertThatThrownBy(() -> template().call()).hasMessageContaining("must be set, or embedded.enabled");
    }

    @Test
    void theDashboardIsTheOneOfTheRepository() throws IOException {
        assertThat(CHART.resolve("files/ruido.json")).hasSameTextualContentAs(Path.of("../grafana/ruido.json"));
    }

    @Test
    void theImagesHaveTheLaunchersGlibcSettings() throws IOException {
        String launcher = Files.readString(Path.of("../../ruido"));
        String tunables = launcher.lines()
                .filter(line -> line.startsWith("export GLIBC_TUNABLES="))
                .map(line -> line.replaceFirst(".*\\$\\{GLIBC_TUNABLES-(.*)}", "$1"))
                .findFirst()
                .orElseThrow();
        assertThat(Files.readString(Path.of("../docker/Dockerfile"))).contains("ARG GLIBC_SETTINGS=" + tunables);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../docker/Dockerfile", "../docker/cache-classes", "ruido/templates/worker.yaml"})
    void everyClassThatAContainerRunsIsThere(String file) throws IOException {
        List<String> classes = Pattern.compile("io\\.ruido(\\.[a-z]+)+\\.[A-Z][A-Za-z]+")
                .matcher(Files.readString(Path.of(file)))
                .results()
                .map(MatchResult::group)
                .toList();
        assertThat(classes).isNotEmpty().allSatisfy(name -> assertThat(
                        Stream.of("gateway", "worker", "deploy/standalone"))
                .anyMatch(module ->
                        Files.exists(Path.of("../..", module, "src/main/java", name.replace('.', '/') + ".java"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../compose.yaml", "../../docs/kubernetes.md"})
    void everyOptionOfAShownCommandIsThere(String file) throws IOException {
        List<String> options = Pattern.compile("\\./ruido generate .*")
                .matcher(Files.readString(Path.of(file)))
                .results()
                .flatMap(command ->
                        Pattern.compile("--[a-z-]+").matcher(command.group()).results())
                .map(MatchResult::group)
                .toList();
        StringBuilder sources = new StringBuilder();
        try (Stream<Path> classes = Files.list(Path.of("../standalone/src/main/java/io/ruido/standalone/generate"))) {
            for (Path source : classes.toList()) {
                sources.append(Files.readString(source));
            }
        }
        assertThat(options).isNotEmpty().allSatisfy(option -> assertThat(sources)
                .contains('"' + option + '"'));
    }

    /** Otherwise KEDA removes workers that have jobs, as soon as the gateways are too busy to answer it. */
    @Test
    void workersStayWhileKedaGetsNoMetrics() throws IOException {
        List<JsonNode> scaled = render(VALUES.resolve("production.yaml")).stream()
                .filter(manifest -> manifest.path("kind").asText().equals("ScaledObject"))
                .toList();
        assertThat(scaled).hasSize(2).allSatisfy(object -> {
            assertThat(object.at("/spec/fallback/behavior").asText()).isEqualTo("currentReplicas");
            assertThat(object.at("/spec/fallback/replicas").asInt()).isPositive();
        });
    }
}

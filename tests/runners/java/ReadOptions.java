import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.util.construction.PipelineOptionsTranslation;

/**
 * Reads pipeline options in JSON, a line for each job, as Beam's job servers in Java do, and prints a
 * line for each job: "ok", or the option that cannot be read and the error.
 */
public class ReadOptions {
  /** The options of Beam's runner for Flink that evenpair sets, with their types there. */
  public interface FlinkOptions extends PipelineOptions {
    Integer getParallelism();

    void setParallelism(Integer value);

    String getExecutionModeForBatch();

    void setExecutionModeForBatch(String value);

    String getFlinkMaster();

    void setFlinkMaster(String value);
  }

  public static void main(String[] arguments) throws Exception {
    PipelineOptionsFactory.register(FlinkOptions.class);
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      System.out.println(read(line));
    }
  }

  private static String read(String json) {
    String name = "all options";
    try {
      PipelineOptions options = PipelineOptionsTranslation.fromJson(json);
      PipelineOptionsTranslation.toProto(options);
      for (Class<? extends PipelineOptions> kind : PipelineOptionsFactory.getRegisteredOptions()) {
        PipelineOptions view = options.as(kind);
        for (Method method : kind.getMethods()) {
          name = method.getName();
          boolean isGetter = method.getParameterCount() == 0 && name.matches("(get|is)[A-Z].*");
          if (isGetter && !name.equals("getRunner")) { // job servers choose the runner themselves
            method.invoke(view);
          }
        }
      }
      return "ok";
    } catch (InvocationTargetException error) {
      return name + ": " + firstCause(error);
    } catch (Exception error) {
      return name + ": " + firstCause(error);
    }
  }

  private static String firstCause(Throwable error) {
    while (error.getCause() != null) {
      error = error.getCause();
    }
    return String.valueOf(error).split("\n")[0];
  }
}

using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Checks the annotations of options; each problem names the setting as it is configured.</summary>
internal sealed class CheckOptions<TOptions>(string section) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var problems = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(problems.Select(Describe));
    }

    private string Describe(ValidationResult problem)
    {
        var text = problem.ErrorMessage ?? "is not valid.";
        return text.Contains($"{section}:", StringComparison.Ordinal) ? text : $"{string.Join(", ", problem.MemberNames.DefaultIfEmpty("").Select(member => $"{section}:{member}"))}: {text}";
    }
}

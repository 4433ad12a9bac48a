using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>Section "Jobs".</summary>
public sealed class JobOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Jobs";

    private static readonly TimeSpan MinLease = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxLease = TimeSpan.FromMinutes(10);

    /// <value>How long a job stays with a process that shows no sign of life. Renewed at a third of it. Default: 15 s.</value>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// <value>How often a loop looks for jobs that nobody in its process announced. Default: 2 s.</value>
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(2);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Lease < MinLease || Lease > MaxLease)
        {
            yield return new ValidationResult("Jobs:Lease must be 1 second to 10 minutes.", [nameof(Lease)]);
        }

        if (Poll <= TimeSpan.Zero || Poll > MaxLease)
        {
            yield return new ValidationResult("Jobs:Poll must be more than 0 and at most 10 minutes.", [nameof(Poll)]);
        }
    }
}

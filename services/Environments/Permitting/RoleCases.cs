namespace CustomerInsights.Environments.Permitting;

/// <summary>What can be done with roles.</summary>
internal sealed record RoleCases(AssignRole Assign, RemoveRole Remove, ListRoleAssignments List, FindEffectiveRole FindEffective);

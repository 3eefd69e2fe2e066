-- Sessions, second factors, invitations, providers of sign-in and a tenant's own roles.
select 1;

/** The package comes without types. This much of it is used. */
declare module 'asl-validator' {
  export default function validator(
    definition: unknown,
    options: { readonly checkArn: boolean; readonly checkPaths: boolean },
  ): { readonly isValid: boolean; readonly errorsText: (separator: string) => string };
}

function layers = trained(op, layers, x, objective_of, options)
  % LAYERS trained on the samples X with the user's options.  OBJECTIVE_OF (x) gives the loss of
  % samples, see fit.
  view = sample_views(op, x, objective_of, options.augment);
  layers = fit(op, start_run(layers), view, options, no_hooks()).layers;
end

function options = warp_defaults(options)
  % OPTIONS with the names and defaults of what warps images.
  options.shift = 0;
  options.rotation = 0;
  options.scale = 0;
  options.shear = 0;
  options.batch_size = 128;
  options.image_size = [];
end
